/** The table expression over files of the log, given as literals; those of before, and of models without categories, have neither digests nor unseen ones. */
export const logRows = (files: readonly string[]): string =>
  `(SELECT * FROM read_parquet([${files.join(", ")}], union_by_name = true, hive_partitioning = false) UNION ALL BY NAME SELECT NULL::BIGINT AS row_digest, NULL::VARCHAR AS unseen WHERE false)`;
