import { BaseEdge, Controls, Handle, MarkerType, Position, ReactFlow, type Edge, type EdgeProps, type Node, type NodeProps } from "@xyflow/react";
import "@xyflow/react/dist/base.css";
import { useMemo } from "react";
import { Anchor } from "../anchor.tsx";
import { Icon } from "../icon.tsx";
import { toneColor } from "../tone.ts";
import type { GraphEdge, GraphNode } from "./graph-types.ts";
import "./graph.css";
import { layoutGraph } from "./layout-graph.ts";

interface GraphProps {
  readonly label: string;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** Which way the edges lead; left to right, on narrow screens top to bottom, when absent. */
  readonly direction?: "LR" | "TB";
  readonly selected?: string | null;
  /** Makes the nodes buttons; without it they are links where they have an address. */
  readonly onSelect?: (id: string) => void;
}

type DrawnData = { readonly node: GraphNode; readonly direction: "LR" | "TB"; readonly pressed: boolean; readonly onSelect: GraphProps["onSelect"] };
type Drawn = Node<DrawnData>;

type Line = Edge<{ readonly path: string }>;

const nodeTypes = { box: GraphBox };
const edgeTypes = { laid: GraphLine };

/** A directed graph in layers; its nodes are reached by the Tab key in the order of the graph. */
export function Graph({ label, nodes, edges, direction: asked, selected, onSelect }: GraphProps) {
  const direction = asked ?? (matchMedia("(width < 700px)").matches ? "TB" : "LR");
  const shape = JSON.stringify([nodes.map((node) => node.id), edges, direction]);
  // `shape` stands for nodes and edges: only another shape needs another layout.
  // eslint-disable-next-line react/exhaustive-deps
  const placed = useMemo(() => layoutGraph(nodes, edges, direction), [shape]);
  const drawn = nodes.map((node): Drawn => ({
    id: node.id,
    type: "box",
    position: placed.positions.get(node.id)!,
    data: { node, direction, pressed: node.id === selected, onSelect },
  }));
  const lines = edges.map((edge): Line => ({
    id: `${edge.from} ${edge.to}`,
    source: edge.from,
    target: edge.to,
    focusable: false,
    type: "laid",
    data: { path: placed.paths.get(`${edge.from} ${edge.to}`)! },
    markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14 },
  }));
  return (
    <section className="graph" style={{ height: Math.min(direction === "TB" ? 820 : 420, Math.max(150, placed.height + 40)) }} aria-label={label}>
      <ReactFlow
        nodes={drawn}
        edges={lines}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        fitView
        fitViewOptions={{ padding: 0.06, maxZoom: 1.1 }}
        minZoom={0.3}
        maxZoom={1.6}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        elementsSelectable={false}
        preventScrolling={false}
        zoomOnScroll={false}
        zoomOnDoubleClick={false}
      >
        <Controls showInteractive={false} position="top-right" />
      </ReactFlow>
    </section>
  );
}

function GraphLine({ data, markerEnd }: EdgeProps<Line>) {
  return <BaseEdge path={data!.path} {...(markerEnd ? { markerEnd } : {})} />;
}

function GraphBox({ data }: NodeProps<Drawn>) {
  const { node } = data;
  const style = { "--node-color": toneColor(node.tone), pointerEvents: "all" } as React.CSSProperties;
  const content = (
    <>
      {node.icon ? <Icon name={node.icon} size={16} /> : <Icon name="dot" size={16} />}
      <span style={{ minWidth: 0 }}>
        <b>{node.title}</b>
        <small>{node.subtitle}</small>
      </span>
    </>
  );
  return (
    <>
      <Handle type="target" position={data.direction === "LR" ? Position.Left : Position.Top} />
      {data.onSelect ? (
        <button type="button" className="graph-node nopan" style={style} aria-pressed={data.pressed} onClick={() => data.onSelect?.(node.id)}>
          {content}
        </button>
      ) : node.to ? (
        <span style={style}>
          <Anchor to={node.to} className="graph-node nopan">
            {content}
          </Anchor>
        </span>
      ) : (
        <div className="graph-node" style={style}>
          {content}
        </div>
      )}
      <Handle type="source" position={data.direction === "LR" ? Position.Right : Position.Bottom} />
    </>
  );
}
