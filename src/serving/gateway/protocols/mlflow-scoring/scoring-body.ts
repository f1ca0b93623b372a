import { MillraceError } from "../../../../errors.ts";
import type { Model } from "../../runtimes/runtime.ts";
import { bodyText } from "../../tensors/body-text.ts";
import type { HttpRequest } from "../protocol.ts";
import { lacksHeader, readCsv } from "./csv.ts";
import type { Header } from "./csv-header.ts";
import { readJsonLines } from "./json-lines.ts";
import { readScoringJson } from "./scoring-json.ts";
import type { ScoringData } from "./scoring-json.ts";

const jsonLines = "application/jsonlines";

/** The content type of a scoring request. */
interface BodyType {
  readonly type: string;
  /** Of CSV, where the client says it. */
  readonly header: Header | undefined;
}

/** Fails with 415 where the type has parameters that are not known. */
function bodyType(contentType: string): BodyType {
  const [type, ...parameters] = contentType.split(";").map((part) => part.trim());
  let header: Header | undefined;
  for (const parameter of parameters) {
    const [, said] = /^header="?(present|absent)"?$/i.exec(parameter) ?? [];
    if (said !== undefined && type === "text/csv") header = said.toLowerCase() as Header;
    else if (!/^charset="?utf-8"?$/i.test(parameter)) throw unsupported(`The content type has the parameter "${parameter}"; it may have charset=utf-8, and that of CSV header=present or header=absent, only.`);
  }
  return { type, header };
}

/** The table, or the one array, in the body of a scoring request. Fails with 415 for a type that is not taken. */
export function readScoringBody(contentType: string, body: Buffer, model: Model): ScoringData {
  const { type, header } = bodyType(contentType);
  if (type === "application/json") return readScoringJson(bodyText(body));
  if (type === "text/csv") return readCsv(bodyText(body), model, header);
  if (type === jsonLines) return readJsonLines(bodyText(body), model);
  throw unsupported(`The content type is "${contentType}"; it must be application/json, text/csv or ${jsonLines} for this model.`);
}

const unsupported = (sentence: string) => new MillraceError("serving.unsupported_media_type", 415, sentence);

/** How an answer goes out: MLflow's JSON, or a line per row as SageMaker's clients ask for it. */
export type AnswerForm = "json" | "lines" | "csv";

/** The form that the header Accept asks for first; that of the request where it does not care. */
export function answerForm(request: HttpRequest): AnswerForm {
  const accepted = mediaType(request.header("accept"));
  if (accepted === jsonLines) return "lines";
  if (accepted === "text/csv") return "csv";
  return (accepted === "" || accepted === "*/*") && mediaType(request.header("content-type")) === jsonLines ? "lines" : "json";
}

const mediaType = (value: string | undefined): string => (value ?? "").split(/[,;]/, 1)[0].trim().toLowerCase();

/** Whether a request has, or asks for, a form that MLflow's own server does not have. */
export function isBeyondMlflow(request: HttpRequest, model: Model): boolean {
  if (model.inputs.length === 0) return false;
  const contentType = request.header("content-type") ?? "";
  const type = mediaType(contentType);
  if (answerForm(request) !== "json" || type === jsonLines) return true;
  if (type !== "text/csv") return false;
  // MLflow 3.17's server reads no CSV for a model with a datetime column: pandas refuses the type.
  if (model.inputs.some(({ reading }) => reading?.type === "timestamp")) return true;
  const { header } = bodyType(contentType);
  return header !== undefined || lacksHeader(bodyText(request.body), model, header);
}
