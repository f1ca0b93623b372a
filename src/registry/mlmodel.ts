import { parse } from "yaml";

/** An input, an output or a parameter of a model. */
export interface SignatureField {
  /** "" for the one unnamed. */
  readonly name: string;
  /** `double`, `tensor float64[-1, 3]`, `array<long>`, `object{a: string}`. */
  readonly type: string;
  readonly required: boolean;
  readonly default?: string;
}

export interface ModelSignature {
  readonly inputs: readonly SignatureField[];
  readonly outputs: readonly SignatureField[];
  readonly params: readonly SignatureField[];
}

/** What the file `MLmodel` of a model folder says. */
export interface ModelFormat {
  /** By what it can be loaded: `sklearn`, `python_function` …, each with what it says. */
  readonly flavors: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly signature: ModelSignature | null;
  readonly pythonVersion: string | null;
  readonly mlflowVersion: string | null;
  readonly createdAt: string | null;
  /** Bytes, as its writer counted them. */
  readonly size: number | null;
  /** The path of the input example in the folder. */
  readonly inputExample: string | null;
}

/** Characters; a signature of thousands of columns has some hundred thousand. */
const longest = 4 << 20;
const deepest = 8;

type Dictionary = Readonly<Record<string, unknown>>;

/**
 * Reads an `MLmodel` file (MLflow's model format). It came from a client: what cannot be read is left out and told in `notes`, and nothing
 * in it makes this throw.
 */
export function readMlModel(text: string): { readonly format: ModelFormat | null; readonly notes: readonly string[] } {
  if (text.length > longest) return { format: null, notes: [`MLmodel is not read: it has ${text.length} characters, ${longest} at most are read`] };
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 100, logLevel: "error" });
  } catch (error) {
    return { format: null, notes: [`MLmodel is no YAML that can be read: ${(error as Error).message.split("\n")[0]}`] };
  }
  const model = dictionary(document);
  if (!model) return { format: null, notes: ["MLmodel holds no keys: expected YAML with flavors and a signature"] };
  const notes: string[] = [];
  const flavors = dictionary(model["flavors"]);
  if (!flavors) notes.push("MLmodel names no flavors: no library is known that loads it");
  const python = dictionary(flavors?.["python_function"]);
  const size = model["model_size_bytes"];
  return {
    format: {
      flavors: Object.fromEntries(Object.entries(flavors ?? {}).map(([name, details]) => [name, factsOf(details)])),
      signature: readSignature(model["signature"], notes),
      pythonVersion: textOf(python?.["python_version"]),
      mlflowVersion: textOf(model["mlflow_version"]),
      createdAt: textOf(model["utc_time_created"]),
      size: typeof size === "number" && size >= 0 ? size : null,
      inputExample: textOf(dictionary(model["saved_input_example_info"])?.["artifact_path"]),
    },
    notes,
  };
}

const dictionary = (value: unknown): Dictionary | undefined => (typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Dictionary) : undefined);

const textOf = (value: unknown): string | null => (typeof value === "string" || typeof value === "number" ? String(value) : null);

/** The plain facts of a flavor; lists and objects as JSON, nothing for null. */
function factsOf(details: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(dictionary(details) ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, (textOf(value) ?? jsonOf(value)).slice(0, 1000)]));
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // YAML's anchors can make an object that holds itself.
    return "(not to be written as JSON)";
  }
}

function readSignature(value: unknown, notes: string[]): ModelSignature | null {
  const signature = dictionary(value);
  if (!signature) return null;
  const part = (name: string): SignatureField[] => {
    const written = signature[name];
    if (written === null || written === undefined) return [];
    try {
      const list: unknown = typeof written === "string" ? JSON.parse(written) : written;
      if (Array.isArray(list)) return list.map(fieldOf);
    } catch {
      // The note below says it.
    }
    notes.push(`The signature's ${name} cannot be read: expected a JSON list of columns or tensors`);
    return [];
  };
  return { inputs: part("inputs"), outputs: part("outputs"), params: part("params") };
}

function fieldOf(value: unknown): SignatureField {
  const spec = dictionary(value) ?? {};
  const fallback = spec["default"];
  return {
    name: textOf(spec["name"]) ?? "",
    type: typeOf(spec, 0),
    required: spec["required"] !== false && fallback === undefined,
    ...(fallback === undefined ? {} : { default: jsonOf(fallback) }),
  };
}

/** A type of MLflow's schemas in words. */
function typeOf(spec: Dictionary, depth: number): string {
  if (depth > deepest) return "…";
  const tensor = dictionary(spec["tensor-spec"]);
  if (tensor) return `tensor ${textOf(tensor["dtype"]) ?? "?"}${shapeOf(tensor["shape"])}`;
  const [type, items] = [textOf(spec["type"]) ?? "any", dictionary(spec["items"])];
  if (type === "array" && items) return `array<${typeOf(items, depth + 1)}>`;
  const values = dictionary(spec["values"]);
  if (type === "map" && values) return `map<${typeOf(values, depth + 1)}>`;
  const properties = dictionary(spec["properties"]);
  if (type === "object" && properties) return `object{${Object.entries(properties).map(([name, one]) => `${name}: ${typeOf(dictionary(one) ?? {}, depth + 1)}`).join(", ")}}`;
  return `${type}${spec["shape"] === undefined || spec["shape"] === null ? "" : shapeOf(spec["shape"])}`;
}

const shapeOf = (shape: unknown): string => (Array.isArray(shape) ? `[${shape.map((one) => textOf(one) ?? "?").join(", ")}]` : "");
