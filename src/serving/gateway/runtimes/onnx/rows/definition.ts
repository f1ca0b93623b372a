/** A constant: its values only where they are few and integers (or whole, of float), its texts where they are few. */
export interface TensorDefinition {
  readonly name: string;
  /** ONNX's number of the element type. */
  readonly type: number;
  readonly dims: readonly number[];
  readonly values?: readonly number[] | undefined;
  readonly texts?: readonly string[] | undefined;
}

export interface Attribute {
  readonly int?: number;
  readonly text?: string;
  /** Undefined where there are more than are read. */
  readonly ints?: readonly number[];
  readonly floats?: readonly number[];
  /** Undefined where there are more than are read. */
  readonly texts?: readonly string[];
  readonly tensor?: TensorDefinition;
  readonly graph?: GraphDefinition;
  /** The attribute of the function around it that it stands for. */
  readonly refersTo?: string;
}

export interface NodeDefinition {
  readonly name: string;
  /** "" for ONNX's own. */
  readonly domain: string;
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

/** A dimension of an input: its number, its name, or neither. */
export type Dimension = number | string | undefined;

export interface ValueDefinition {
  readonly name: string;
  /** Undefined for what is no tensor, or a tensor of any shape. */
  readonly shape: readonly Dimension[] | undefined;
}

export interface GraphDefinition {
  readonly nodes: readonly NodeDefinition[];
  /** Names alone where nothing else is known (sparse ones). */
  readonly constants: readonly TensorDefinition[];
  readonly sparse: readonly string[];
  readonly inputs: readonly ValueDefinition[];
  readonly outputs: readonly ValueDefinition[];
}

export interface FunctionDefinition {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeDefinition[];
  readonly defaults: ReadonlyMap<string, Attribute>;
  readonly opsets: ReadonlyMap<string, number>;
}

export interface ModelDefinition {
  /** By domain, "" for ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: GraphDefinition;
  /** By `domain:name`. */
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
}
