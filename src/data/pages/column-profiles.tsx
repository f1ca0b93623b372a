import { Bars } from "../../ui/charts/bars.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { formatDay, formatNumber, formatPercent } from "../../ui/format.ts";
import type { CategoryProfile, ColumnProfile, NumberProfile, Profile } from "../profile/profile-types.ts";
import type { ValidateOutput } from "../validate-step.ts";

/** A line per column: its role, shape, missing and distinct values, quantiles, and how it goes with the target. */
export function ColumnProfiles({ profile, validation }: { profile: Profile; validation: ValidateOutput }) {
  const association = new Map(profile.target?.associations.map((one) => [one.column, one]));
  const roleOf = (name: string): string => (name === validation.target ? "target" : validation.features.some((feature) => feature.name === name) ? "feature" : "not used");
  return (
    <DataTable
      label="Column profiles"
      rows={profile.columns}
      rowKey={(column) => column.name}
      pageSize={40}
      columns={[
        { key: "name", header: "Column", sort: (column) => column.name, render: (column) => <NameCell column={column} role={roleOf(column.name)} /> },
        { key: "shape", header: "Distribution", render: (column) => <div style={{ width: 190 }}><Shape column={column} /></div> },
        { key: "missing", header: "Missing", align: "right", sort: (column) => column.missing, render: ({ missing }) => (missing === 0 ? <span className="muted">0</span> : `${formatNumber(missing)} (${formatPercent(missing / Math.max(1, profile.rows))})`) },
        { key: "distinct", header: "Distinct", align: "right", sort: (column) => column.distinct, render: ({ distinct }) => formatNumber(distinct) },
        ...(["p05", "p50", "p95"] as const).map((quantile) => ({
          key: quantile,
          header: { p05: "5 %", p50: "Median", p95: "95 %" }[quantile],
          align: "right" as const,
          render: (column: ColumnProfile) => (column.type === "category" ? "" : valueText(column, column.statistics?.quantiles[quantile])),
        })),
        { key: "mean", header: "Mean", align: "right", render: (column) => (column.type === "category" ? "" : valueText(column, column.statistics?.mean)) },
        {
          key: "target",
          header: "With target",
          align: "right",
          sort: (column) => Math.abs(association.get(column.name)?.value ?? 0),
          render: ({ name }) => {
            const found = association.get(name);
            return found ? <span title={measureNames[found.measure]}>{formatNumber(Number(found.value.toFixed(2)))}</span> : "";
          },
        },
      ]}
    />
  );
}

const measureNames = { pearson: "Pearson's r", correlation_ratio: "correlation ratio η", cramers_v: "Cramér's V" };

function NameCell({ column, role }: { column: ColumnProfile; role: string }) {
  return (
    <>
      {column.name}
      <br />
      <span className="muted small" style={{ fontWeight: 400 }}>
        {column.type}, {role}
      </span>
    </>
  );
}

function Shape({ column }: { column: ColumnProfile }) {
  return column.type === "category" ? <TopValues column={column} /> : <Histogram column={column} />;
}

function Histogram({ column }: { column: NumberProfile }) {
  const { statistics } = column;
  if (!statistics) return <span className="muted">no values</span>;
  const { histogram } = statistics;
  return (
    <>
      <Bars
        height={38}
        summary={`${column.name} from ${valueText(column, statistics.min)} to ${valueText(column, statistics.max)}, median ${valueText(column, statistics.quantiles.p50)}`}
        values={histogram.map((bin) => bin.count)}
        titleOf={(index) => `${valueText(column, histogram[index].low)} to ${valueText(column, histogram[index].high)}: ${formatNumber(histogram[index].count)}`}
      />
      <span className="row small muted" style={{ justifyContent: "space-between" }}>
        <span>{valueText(column, statistics.min)}</span>
        <span>{valueText(column, statistics.max)}</span>
      </span>
    </>
  );
}

function TopValues({ column }: { column: CategoryProfile }) {
  const top = column.values.slice(0, 20);
  return (
    <>
      <Bars
        height={38}
        color="var(--plum)"
        summary={`${column.name}, most frequent: ${top.slice(0, 3).map((value) => `${value.value} ${value.count}`).join(", ")}`}
        values={top.map((value) => value.count)}
        titleOf={(index) => `${top[index].value}: ${formatNumber(top[index].count)}`}
      />
      <span className="small muted">{top.slice(0, 3).map((value) => value.value).join(", ")}</span>
    </>
  );
}

const valueText = (column: NumberProfile, value: number | undefined): string => (column.type === "timestamp" && value !== undefined ? formatDay(value) : formatNumber(value));
