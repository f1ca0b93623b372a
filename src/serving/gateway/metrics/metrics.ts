/** The labels of one series, in the order of the metric's label names. */
type LabelValues = readonly string[];

interface Metric {
  expose(): string;
}

/** The series of one metric, by their labels; made on first use. */
export interface Family<S> {
  (...values: LabelValues): S;
  /**
   * Forgets the series whose labels do not hold, now and until it is called again: what still counts on one of them (a request of a model that
   * has left) counts where nobody sees it. So series neither outlive what they are about nor come back.
   */
  retain(holds: (values: LabelValues) => boolean): void;
}

/**
 * Prometheus metrics in the text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Our own because
 * prom-client takes 19 MB and 34 ms of a process that should stay small; a series is an object that the hot path
 * holds, so counting is one addition.
 */
export class MetricsRegistry {
  readonly #metrics: Metric[] = [];

  /** Series that only grow. */
  counter(name: string, help: string, labels: readonly string[]): Family<Counter> {
    return this.#family(name, help, "counter", labels, () => new Counter());
  }

  /** Cumulative buckets with the upper bounds `bounds`, ascending. */
  histogram(name: string, help: string, labels: readonly string[], bounds: readonly number[]): Family<Histogram> {
    return this.#family(name, help, "histogram", labels, () => new Histogram(bounds));
  }

  /** A value that is read when the metrics are. */
  gauge(name: string, help: string, read: () => number, type: "gauge" | "counter" = "gauge"): void {
    this.#metrics.push({ expose: () => `${head(name, help, type)}${name} ${number(read())}\n` });
  }

  /** Counters that are read when the metrics are, each with the values of its labels: a series that is not there any more is not told. */
  counters(name: string, help: string, labels: readonly string[], read: () => Iterable<readonly [values: LabelValues, count: number]>): void {
    this.#metrics.push({
      expose: () => head(name, help, "counter") + Array.from(read(), ([values, count]) => line(name, labelText(labels, values), count)).join(""),
    });
  }

  /** All metrics as text. */
  expose(): string {
    return this.#metrics.map((metric) => metric.expose()).join("");
  }

  #family<S extends Series>(name: string, help: string, type: string, labels: readonly string[], make: () => S): Family<S> {
    const series = new Map<string, { readonly values: LabelValues; readonly one: S }>();
    let holds: (values: LabelValues) => boolean = () => true;
    this.#metrics.push({
      expose: () => head(name, help, type) + [...series].map(([text, { one }]) => one.expose(name, text)).join(""),
    });
    const family = (...values: LabelValues): S => {
      const text = labelText(labels, values);
      const known = series.get(text);
      if (known) return known.one;
      const one = make();
      if (holds(values)) series.set(text, { values, one });
      return one;
    };
    const retain: Family<S>["retain"] = (next) => {
      holds = next;
      for (const [text, { values }] of series) if (!holds(values)) series.delete(text);
    };
    return Object.assign(family, { retain });
  }
}

interface Series {
  expose(name: string, labels: string): string;
}

export class Counter implements Series {
  value = 0;

  add(amount: number): void {
    this.value += amount;
  }

  expose(name: string, labels: string): string {
    return line(name, labels, this.value);
  }
}

export class Histogram implements Series {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]) bucket++;
    this.#counts[bucket]++;
    this.#sum += value;
  }

  /** Adds what another one of the same bounds has counted. */
  add(other: Histogram): this {
    for (const [index, count] of other.#counts.entries()) this.#counts[index] += count;
    this.#sum += other.#sum;
    return this;
  }

  /** An empty one of the same bounds. */
  like(): Histogram {
    return new Histogram(this.#bounds);
  }

  /** The series as text, its values times `scale`, for another unit. */
  expose(name: string, labels: string, scale = 1): string {
    let total = 0;
    let text = "";
    for (const [index, count] of this.#counts.entries()) {
      total += count;
      const bound = index < this.#bounds.length ? String(this.#bounds[index] * scale) : "+Inf";
      text += line(`${name}_bucket`, `${labels}${labels ? "," : ""}le="${bound}"`, total);
    }
    return text + line(`${name}_sum`, labels, this.#sum * scale) + line(`${name}_count`, labels, total);
  }
}

const head = (name: string, help: string, type: string) => `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
const line = (name: string, labels: string, value: number) =>
  `${name}${labels ? `{${labels}}` : ""} ${number(value)}\n`;
const labelText = (labels: readonly string[], values: LabelValues): string => labels.map((label, index) => `${label}="${escapeLabel(values[index])}"`).join(",");
const number = (value: number) =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
const escapeLabel = (value: string) => value.replace(/[\\"\n]/g, (c) => (c === "\n" ? "\\n" : `\\${c}`));
