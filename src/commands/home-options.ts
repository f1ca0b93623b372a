/** Where the parts of a home lie that need not lie in it, as options of commands that open it themselves. */
export const artifactsOption = { "--artifacts <dir>": "folder of the artifacts (MILLRACE_ARTIFACTS; artifacts in the home folder)" };
export const databaseOption = { "--database <url>": "the PostgreSQL database of the metadata (MILLRACE_DATABASE; SQLite in the home folder)" };

/** Bytes, to people. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
