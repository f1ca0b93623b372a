import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { invalid, notFound } from "../../errors.ts";
import { openFolderSource } from "./folder-source.ts";
import { openServerSource } from "./server-source.ts";
import type { MlflowSource } from "./source.ts";
import { openSqliteSource } from "./sqlite-source.ts";

/** The tracking store of MLflow that `from` names: an address, a folder or a file; also as MLflow's own settings write it. */
export function openMlflowSource(from: string, proxied: string | undefined, env: Readonly<Record<string, string | undefined>>): MlflowSource {
  if (/^https?:\/\//i.test(from)) {
    if (URL.canParse(from)) return openServerSource(from, env);
    throw invalid("mlflow.no_source", `--from ${from} is no address`);
  }
  if (/^(?!file:|sqlite:)[a-z][a-z0-9+.-]+:/i.test(from)) {
    throw invalid("mlflow.no_source", `--from ${from.replace(/\/\/[^@/]*@/, "//")} is of a kind that is not read directly: run an MLflow server over it (\`mlflow server --backend-store-uri …\`) and give that server's address`);
  }
  // SQLAlchemy's form: three slashes before a relative path, four before an absolute one.
  const path = resolve(from.replace(/^sqlite:\/\/\//i, "").replace(/^file:\/\/(?=\/)/i, ""));
  if (!existsSync(path)) throw notFound("mlflow.no_source", `There is no file or folder ${path}`);
  if (!statSync(path).isDirectory()) return openSqliteSource(path, proxied);
  // A project's folder stands for the store in it.
  const inside = join(path, "mlruns");
  return openFolderSource(!existsSync(join(path, "0")) && existsSync(inside) ? inside : path, proxied);
}
