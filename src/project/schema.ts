import Type, { type Static } from "typebox";
import { TriggersSchema } from "./triggers-schema.ts";

const strict = { additionalProperties: false } as const;
const Duration = Type.String({ pattern: "^\\d+(\\.\\d+)?(ms|s|m|h|d|w)$", description: "A duration: 90s, 6h, 1d, 2w" });
const Share = Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.String({ pattern: "^\\d+(\\.\\d+)?%$" })], {
  description: "A share: 0.1 or 10%",
});
const IsoDate = Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}", description: "A date or time, ISO 8601" });

const Words = Type.Array(Type.String());
const Decimal = Type.Enum([".", ","]);
const Thousands = Type.Enum(["", ".", ",", " ", "'"]);

const Data = Type.Object(
  {
    source: Type.String({ minLength: 1, description: "The table: CSV, TSV, Parquet or JSON lines; a path relative to this file" }),
    target: Type.String({ minLength: 1, description: "The column to predict" }),
    task: Type.Optional(Type.Enum(["regression", "binary", "multiclass"], { description: "What kind of target it is; told from the data when absent" })),
    time: Type.Optional(
      Type.Union(
        [
          Type.String({ minLength: 1 }),
          Type.Object({ column: Type.String({ minLength: 1 }), hour: Type.Optional(Type.String({ minLength: 1, description: "A column with the hour, 0 to 23" })) }, strict),
        ],
        { description: "The column that says when a row happened" },
      ),
    ),
    from: Type.Optional(IsoDate),
    until: Type.Optional(IsoDate),
    exclude: Type.Optional(Type.Array(Type.String(), { description: "Columns that are no features" })),
    keep: Type.Optional(Type.Array(Type.String(), { description: "Columns that are features whatever is found about them (that they give the target away, or number the rows) and whatever exclude says" })),
    missing: Type.Optional(
      Type.Union([Words, Type.Record(Type.String(), Words)], { description: "Words that stand for a missing value besides the empty cell, instead of the usual ones: for all columns, or by column" }),
    ),
    decimal: Type.Optional(Type.Union([Decimal, Type.Record(Type.String(), Decimal)], { description: "The mark of decimals, for all columns or by column; found when absent" })),
    thousands: Type.Optional(Type.Union([Thousands, Type.Record(Type.String(), Thousands)], { description: "The mark between thousands, for all columns or by column; found when absent" })),
    dates: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.Enum(["dmy", "mdy", "ymd", "s", "ms", "us", "ns", "excel", "yyyymmdd", "yyyymm", "year"]), Type.Array(Type.String({ minLength: 1 }), { minItems: 2, maxItems: 6 })]), {
        description:
          "By column, which of 01/02/2024 is the day, or what its numbers count: seconds (s), milli-, micro- or nanoseconds since 1970, days of Excel, digits of a date or month, years. For a column that is not in the table, the columns that its date is joined from: a year, a month or quarter, a day, an hour, a minute, a second",
      }),
    ),
    types: Type.Optional(Type.Record(Type.String(), Type.Enum(["number", "text", "boolean", "date"]), { description: "By column, what it holds, where that is not to be told from its cells" })),
    split: Type.Optional(
      Type.Object(
        {
          by: Type.Optional(Type.Enum(["time", "random"], { description: "How rows are held out: the latest, or any; by time when there is a time column" })),
          test: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 0.9, description: "Share of the rows held out for evaluation; 0.2" })),
          group: Type.Optional(Type.String({ minLength: 1, description: "A column (a person, a machine) whose rows are held out together; it is no feature" })),
        },
        strict,
      ),
    ),
  },
  strict,
);

const MetricRule = Type.Object(
  {
    max: Type.Optional(Type.Number({ description: "The metric must not be above this" })),
    min: Type.Optional(Type.Number({ description: "The metric must not be below this" })),
    better_than_champion: Type.Optional(Type.Number({ description: "The relative gain over the champion that is asked for; 0.02 is 2 %" })),
    better_than_naive: Type.Optional(Type.Number({ description: "The relative gain over the naive predictor that is asked for" })),
  },
  strict,
);

/** The front door: one small file that describes a model's whole loop. Every field but the data and the target has a default. */
export const ProjectSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    model: Type.Optional(
      Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$", description: "The registered model's name, and its endpoint's; the folder's name when absent" }),
    ),
    data: Data,
    validate: Type.Optional(
      Type.Object(
        {
          on_anomaly: Type.Optional(Type.Enum(["fail", "warn"], { description: "What an anomaly of severity ERROR does; fail" })),
          leakage: Type.Optional(
            Type.Enum(["exclude", "fail", "ignore"], { description: "What is done with columns that give the target away; exclude" }),
          ),
        },
        strict,
      ),
    ),
    train: Type.Optional(
      Type.Object(
        {
          algorithm: Type.Optional(Type.String({ description: "auto (default): gradient boosting or a linear model, whichever is better on held-out rows; gradient-boosting; linear" })),
          run: Type.Optional(
            Type.String({ minLength: 1, description: "Instead of an algorithm: a command line (`python train.py`) that trains on the rows it is given and leaves a model; it runs in a copy of this file's folder" }),
          ),
          files: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: "With run: the files and folders that the command needs, relative to this file; all of its folder, up to 20 MB, when absent" })),
          format: Type.Optional(Type.Enum(["parquet", "csv"], { description: "With run: how the command gets its rows; parquet" })),
          timeout: Type.Optional(Duration),
          python: Type.Optional(
            Type.String({ minLength: 1, description: "With run: the environment of Python that it runs in, made once and kept with the version: requirements.txt, pyproject.toml, uv.lock, environment.yml; the path of a Python or of an environment's folder; local, the Python that the server finds. Nothing is installed without it" }),
          ),
          params: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: "Parameters of the algorithm, or of the command" })),
          seed: Type.Optional(Type.Integer({ minimum: 0, description: "Same seed, same data: the same model" })),
          refit: Type.Optional(Type.Boolean({ description: "After the gate, train once more on all rows, the held-out ones too; true" })),
        },
        strict,
      ),
    ),
    evaluate: Type.Optional(
      Type.Object(
        {
          slices: Type.Optional(Type.Array(Type.String(), { description: "Columns by whose values the metrics are broken down" })),
          gate: Type.Optional(Type.Record(Type.String(), MetricRule, { description: "Per metric, what a model must show to go on" })),
        },
        strict,
      ),
    ),
    deploy: Type.Optional(
      Type.Object(
        {
          strategy: Type.Optional(Type.Enum(["canary", "immediate"], { description: "How a challenger replaces the champion; canary" })),
          share: Type.Optional(Share),
          min_labels: Type.Optional(Type.Integer({ minimum: 2, description: "Labelled predictions that a canary waits for, however sure the comparison before it was; without this, as many as the decision is worth" })),
          max_duration: Type.Optional(Duration),
          alpha: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: "Error probability of the sequential test, however often it looks; 0.2" })),
          batching: Type.Optional(
            Type.Object(
              {
                max_rows: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: "Rows run together at most; the gateway measures how many are best up to 256" })),
                delay: Type.Optional(Duration),
                queue_rows: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000_000, description: "Rows that may wait before requests are refused with 429; the gateway's own is 65536" })),
                timeout: Type.Optional(Duration),
                weight: Type.Optional(Type.Number({ minimum: 0.001, maximum: 1000, description: "Share of the machine while models compete for it; the gateway's own is 1" })),
                merge: Type.Optional(Type.Boolean({ description: "Whether requests are scored together, whatever the model shows of its rows; as it shows" })),
              },
              { ...strict, description: "The queue and batches of the model, all of them; without this, what was set otherwise stays" },
            ),
          ),
          log_share: Type.Optional(Share),
          pinned: Type.Optional(Type.Boolean({ description: "Stays in memory whatever the gateway's memory limit" })),
        },
        strict,
      ),
    ),
    monitor: Type.Optional(
      Type.Object(
        {
          window: Type.Optional(Duration),
          label_delay: Type.Optional(Duration),
          performance: Type.Optional(
            Type.Object(
              {
                false_alarms: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 50, description: "Alarms in 365 windows in which nothing got worse; 0.1" })),
                threshold: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "Alarm by a CUSUM of this level, in units of the reference loss, instead of the test for a rise of the loss" })),
                slack: Type.Optional(Type.Number({ minimum: 0, description: "With threshold: excess that is let pass in each window, in units of the reference loss; 0.05" })),
                slip: Type.Optional(
                  Type.Number({ minimum: 0, description: "With threshold: how far above its predecessor's reference a new champion's may lie, as a share; 0.1" }),
                ),
                max: Type.Optional(Type.Number({ description: "The loss (RMSE or log loss) a window may have at most" })),
              },
              strict,
            ),
          ),
          drift: Type.Optional(
            Type.Object(
              {
                method: Type.Optional(Type.Enum(["psi", "jensen_shannon"])),
                threshold: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "Distance from which a feature has drifted; 0.2" })),
                window: Type.Optional(Duration),
                share: Type.Optional({ ...Share, description: "The alarm is raised when the features that drifted make this share of what moves the model's answers; 50%" }),
                exclude: Type.Optional(Type.Array(Type.String(), { description: "Features that move by themselves, such as those of the calendar" })),
                min_rows: Type.Optional(Type.Integer({ minimum: 1, description: "Windows with fewer predictions are not judged; 100" })),
                gaps: Type.Optional({ ...Share, description: "Alarms whatever the other features do: so much more of a feature missing, or unseen in training; 10%" }),
                false_alarms: Type.Optional({ ...Share, description: "The share of windows in which chance may make a feature drift; 1%" }),
              },
              strict,
            ),
          ),
        },
        strict,
      ),
    ),
    retrain: Type.Optional(
      Type.Object(
        {
          on: Type.Optional(Type.Array(Type.Enum(["performance", "drift", "data"]), { description: "What starts a retraining; [performance, data]" })),
          growth: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "`data`: compare again when the labelled rows have grown by this share since the last attempt; 0.3" })),
          cost: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "`data`: what a training may cost, in the error of one window: 0.3 is three tenths of it. The dearer, the rarer" })),
          budget: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1, description: "Retrainings per window at most, in the long run; 0.25" })),
          cooldown: Type.Optional(Duration),
          holdout: Type.Optional(Duration),
        },
        strict,
      ),
    ),
    triggers: Type.Optional(TriggersSchema),
  },
  { ...strict, $id: "urn:millrace:project", title: "millrace.yaml", description: "A model's whole loop in one file" },
);

export type ProjectFile = Static<typeof ProjectSchema>;
