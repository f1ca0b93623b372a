import { expect, test } from "vitest";
import { sentence, startTarget } from "./target.ts";

/*
 * Requests that lie about their tensors, or are odd in another way: what Triton's own tests send (qa/L0_http, L0_input_validation), and what else a
 * reader may stumble over. Each is refused with a sentence, soon; the gateway goes on as if nothing had been.
 */

type Fields = Record<string, unknown>;

const sixteen = Array.from({ length: 16 }, (_, at) => at);
const input = (name: string, more: Fields = {}): Fields => ({ name, datatype: "INT32", shape: [1, 16], data: sixteen, ...more });
/** A request for `simple`, its first input changed. */
const first = (more: Fields): string => JSON.stringify({ inputs: [input("INPUT0", more), input("INPUT1")] });
const whole = (more: Fields): string => JSON.stringify({ inputs: [input("INPUT0"), input("INPUT1")], ...more });
/** JSON in which $ stands for the text `value`: for numbers that JSON.stringify cannot write. */
const written = (json: string, value: string): string => json.replace('"$"', value);
const nested = (open: string, close: string, depth: number, inside = ""): string => `${open.repeat(depth)}${inside}${close.repeat(depth)}`;

const requests: readonly [what: string, body: string | Uint8Array, said: RegExp][] = [
  ["no body", "", /not JSON/],
  ["NUL bytes", "\0\0\0\0", /not JSON/],
  ["a NUL byte in the name", first({ name: "INPUT0\0" }), /no input "INPUT0\0"/],
  ["text that is not UTF-8", Buffer.from(first({ name: "INPUT\u00ff" }), "latin1"), /not UTF-8/],
  ["half of a character", Buffer.from(whole({ id: "é" })).subarray(0, -1 - '"}'.length + 1), /not UTF-8|not JSON/],
  ["a byte order mark", `\uFEFF${whole({})}`, /not JSON/],
  ["two documents", whole({}) + whole({}), /not JSON/],
  ["a list", "[]", /must be a JSON object/],
  ["null", "null", /must be a JSON object/],
  ["lists 100 000 deep", nested("[", "]", 100_000), /JSON/],
  ["objects 100 000 deep", nested('{"inputs":', "}", 100_000, "1"), /"inputs" must be a list|not JSON/],
  ["deep data", first({ data: JSON.parse(nested("[", "]", 200, "1")) }), /deep|elements/],
  ["very deep data", written(first({ data: "$" }), nested("[", "]", 100_000, "1")), /deep|elements|JSON/],
  ["deep data with an integer of 20 digits", written(first({ data: "$" }), nested("[", "]", 100_000, "12345678901234567890")), /deep|elements|JSON/],
  ["deep parameters", written(whole({ parameters: { sticky_key: "$" } }), nested("[", "]", 100_000)), /sticky_key|JSON/],
  ["__proto__ for the request", '{"__proto__": {"inputs": []}}', /"inputs" must be a list/],
  ["__proto__ for an input", `{"inputs": [{"__proto__": ${JSON.stringify(input("INPUT0"))}}]}`, /"name" must be a string/],
  ["an input called __proto__", first({ name: "__proto__" }), /no input "__proto__"|missing/],
  ["an input called constructor", first({ name: "constructor" }), /no input "constructor"|missing/],
  ["__proto__ as the datatype", first({ datatype: "__proto__" }), /datatype "__proto__" must be one of/],
  ["duplicate keys, of which the last is wrong", '{"inputs": [{"name": "INPUT0"}], "inputs": 1}', /"inputs" must be a list/],
  ["no inputs", '{"inputs": []}', /at least one/],
  ["inputs that are an object", '{"inputs": {}}', /"inputs" must be a list/],
  ["an input missing", JSON.stringify({ inputs: [input("INPUT0")] }), /"INPUT1" is missing/],
  ["an input twice", JSON.stringify({ inputs: [input("INPUT0"), input("INPUT0")] }), /"INPUT0" is there twice/],
  ["an input too many", JSON.stringify({ inputs: [input("INPUT0"), input("INPUT1"), input("INPUT2")] }), /no input "INPUT2"/],
  ["100 000 inputs", JSON.stringify({ inputs: Array.from({ length: 100_000 }, (_, at) => ({ name: `n${at}`, datatype: "BYTES", shape: [0], data: [] })) }), /no input/],
  ["a name of a million characters", first({ name: "x".repeat(1_000_000) }), /no input/],
  ["an id of a million characters", whole({ id: "x".repeat(1_000_000) }), /"id" must be a string of at most/],
  ["an id that is a number", whole({ id: 1 }), /"id" must be a string/],
  ["an unknown output", whole({ outputs: [{ name: "OUTPUT9" }] }), /no output "OUTPUT9"/],
  ["an output twice", whole({ outputs: [{ name: "OUTPUT0" }, { name: "OUTPUT0" }] }), /"OUTPUT0" is there twice/],
  ["an output called __proto__", whole({ outputs: [{ name: "__proto__" }] }), /no output "__proto__"/],
  ["outputs without names", whole({ outputs: [{}] }), /with a "name"/],
  ["classification of no number", whole({ outputs: [{ name: "OUTPUT0", parameters: { classification: "all" } }] }), /number of classes/],
  ["no shape", first({ shape: undefined }), /shape must be a list/],
  ["a shape of text", first({ shape: ["16"] }), /dimension "16"/],
  ["a negative dimension", first({ shape: [-1, 16] }), /dimension -1/],
  ["two negative dimensions, whose product is right", first({ shape: [-1, -16] }), /dimension -1/],
  ["half a dimension", first({ shape: [1.5, 16] }), /dimension 1\.5/],
  ["a dimension of 2^63", written(first({ shape: "$" }), "[9223372036854775808, 1]"), /dimension 9223372036854775808/],
  ["a dimension of 1e400", written(first({ shape: "$" }), "[1e400]"), /dimension/],
  ["a product that overflows 64 bits to 16", first({ shape: [2 ** 32, 2 ** 32, 16] }), /more elements than can be counted/],
  ["a product that overflows, then zero", first({ shape: [2 ** 53 - 1, 2 ** 53 - 1, 0], data: [] }), /shape|elements/],
  ["2^40 elements announced, 16 sent", first({ shape: [2 ** 36, 16] }), /asks for 1099511627776 elements/],
  ["2^31 elements announced, 16 sent", first({ shape: [2 ** 27, 16] }), /asks for 2147483648 elements/],
  ["2^40 strings announced, one sent", first({ datatype: "BYTES", shape: [2 ** 40], data: ["x"] }), /asks for 1099511627776 elements/],
  ["2^45 elements nested, of which one is there", first({ datatype: "FP64", shape: [2 ** 45], data: [[1]] }), /asks for 35184372088832 elements/],
  ["100 000 dimensions", first({ shape: Array.from({ length: 100_000 }, () => 1), data: [1] }), /shape/],
  ["fewer elements than the shape says", first({ data: [1] }), /asks for 16 elements/],
  ["more elements than the shape says", first({ data: [...sixteen, 1] }), /asks for 16 elements/],
  ["an element short in a nested list", first({ shape: [2, 8], data: [sixteen.slice(8), sixteen.slice(9)] }), /differ in length/],
  ["the right number of elements in another rank", first({ shape: [4, 4] }), /shape \[4,4\]; it must be \[N, 16\]/],
  ["other rows in another input", JSON.stringify({ inputs: [input("INPUT0"), input("INPUT1", { shape: [2, 16], data: [...sixteen, ...sixteen] })] }), /needs? as many/],
  ["no rows beside one", JSON.stringify({ inputs: [input("INPUT0", { shape: [0, 16], data: [] }), input("INPUT1", { shape: [1, 16] })] }), /has 1 rows, but "INPUT0" has 0/],
  ["an unknown datatype", first({ datatype: "FLOAT" }), /datatype "FLOAT" must be one of/],
  ["a datatype of 20 digits", written(first({ datatype: "$" }), "12345678901234567890"), /datatype 12345678901234567890 must be one of/],
  ["an object for a datatype", first({ datatype: { toString: 1 } }), /must be one of/],
  ["no data", first({ data: undefined }), /"data" must be a list, not missing/],
  ["an object for data", first({ data: { length: 16 } }), /"data" must be a list, not an object/],
  ["text for numbers", first({ data: sixteen.map(String) }), /takes integers/],
  ["fractions for integers", first({ data: sixteen.map((one) => one + 0.5) }), /takes integers/],
  ["integers beyond 32 bits", first({ data: sixteen.map(() => 2 ** 31) }), /takes integers from/],
  ["integers of 400 digits", written(first({ data: [...sixteen.slice(1), "$"] }), "9".repeat(400)), /takes integers from/],
  ["infinity for an integer", written(first({ data: [...sixteen.slice(1), "$"] }), "-Infinity"), /takes integers from/],
  ["a missing value for an integer", first({ data: [...sixteen.slice(1), null] }), /a missing value/],
  ["true for an integer", first({ data: sixteen.map(() => true) }), /takes integers/],
  ["a negative size of raw bytes", first({ data: undefined, parameters: { binary_data_size: -64 } }), /binary_data_size is -64/],
  ["a size of raw bytes of 20 digits", written(first({ data: undefined, parameters: { binary_data_size: "$" } }), "18446744073709551615"), /binary_data_size is 18446744073709551615/],
  ["raw bytes that are not there", first({ data: undefined, parameters: { binary_data_size: 64 } }), /0 bytes are left/],
  ["parameters that are a list", whole({ parameters: [] }), /"parameters" must be an object/],
  ["a priority of 20 digits", written(whole({ parameters: { priority: "$" } }), "12345678901234567890"), /priority is 12345678901234567890/],
  ["a negative timeout", whole({ parameters: { timeout: -1 } }), /timeout is -1/],
  ["an instant beyond all calendars", whole({ parameters: { event_time: 9.4e20 } }), /event_time is/],
  ["a sequence", whole({ parameters: { sequence_id: 1, sequence_start: true } }), /keeps state/],
];

test("requests in JSON that lie", async () => {
  const target = await startTarget();
  for (const [what, body, said] of requests) {
    const begun = performance.now();
    const { status, text } = await target.send({ path: "/v2/models/simple/infer", body });
    expect({ what, status, soon: performance.now() - begun < 5000, said: sentence(text) }).toEqual({ what, status: 400, soon: true, said: expect.stringMatching(said) });
    expect(text.length, what).toBeLessThan(3000);
  }
  await target.unmoved();
});

/** A binary request: JSON, then bytes; `length` is what the header says. */
const binary = (json: string, bytes: Uint8Array, length: string | string[] = String(Buffer.byteLength(json))) => ({
  body: Buffer.concat([Buffer.from(json), bytes]),
  headers: { "inference-header-content-length": length },
});
const raw = (name: string, datatype: string, shape: number[], binary_data_size: unknown) => ({ name, datatype, shape, parameters: { binary_data_size } });
const two = (size: unknown) => JSON.stringify({ inputs: [raw("INPUT0", "INT32", [1, 16], size), raw("INPUT1", "INT32", [1, 16], 64)] });
const good = binary(two(64), Buffer.alloc(128));
const strings = (...parts: readonly (readonly [length: number, text: string])[]): Buffer =>
  Buffer.concat(parts.flatMap(([length, text]) => [Buffer.from(Uint32Array.of(length).buffer), Buffer.from(text)]));
const texts = (bytes: Buffer, shape = [1, 16]) => {
  const json = JSON.stringify({ inputs: [raw("INPUT0", "BYTES", shape, bytes.length), { name: "INPUT1", datatype: "BYTES", shape: [1, 16], data: sixteen.map(String) }] });
  return { ...binary(json, bytes), model: "simple_string" };
};
const lengths = ["-1", "1e2", "0x10", "99999999999", "18446744073709551615", "9223372036854775808", "abc", "1 1", "+10", "", "1.5", `${good.body.length + 1}`];

const binaries: readonly [what: string, sent: { body: Uint8Array; headers?: Record<string, string | string[]>; model?: string }, said: RegExp][] = [
  ...lengths.map((length): (typeof binaries)[number] => [`a header length of "${length}"`, { ...good, headers: { "inference-header-content-length": length } }, /Inference-Header-Content-Length is|not JSON/]),
  ["two header lengths", { ...good, headers: { "inference-header-content-length": [String(two(64).length), "1"] } }, /Inference-Header-Content-Length is/],
  ["a header length that ends within the JSON", binary(two(64), Buffer.alloc(128), String(two(64).length - 1)), /not JSON/],
  ["a header length that ends within the tensors", binary(two(64), Buffer.alloc(128), String(two(64).length + 1)), /not JSON/],
  ["bytes that no tensor takes", binary(two(64), Buffer.alloc(129)), /1 bytes more than its tensors/],
  ["a byte less than the tensors take", binary(two(64), Buffer.alloc(127)), /63 bytes are left/],
  ["a size that the shape contradicts", binary(two(60), Buffer.alloc(124)), /take 64 bytes, and binary_data_size is 60/],
  ["a size beyond the body", binary(two(2 ** 40), Buffer.alloc(128)), /128 bytes are left/],
  ["a size in text", binary(two("64"), Buffer.alloc(128)), /binary_data_size is "64"/],
  ["half a byte", binary(two(64.5), Buffer.alloc(129)), /binary_data_size is 64\.5/],
  ["a shape of 2^50 elements", binary(JSON.stringify({ inputs: [raw("INPUT0", "INT32", [2 ** 50], 128)] }), Buffer.alloc(128)), /take 4503599627370496 bytes/],
  ["a raw request for a model of two inputs", { body: Buffer.alloc(64), headers: { "inference-header-content-length": "0" } }, /must go to a model with one input/],
  ["a string that is longer than the tensor", texts(strings([4, "1"])), /reaches beyond/],
  ["a string of 4 GB", texts(strings([2 ** 32 - 1, "1"])), /reaches beyond/],
  ["a length that is cut off", texts(Buffer.from([1, 0])), /reaches beyond/],
  ["a string less than the shape says", texts(strings(...sixteen.slice(1).map((): [number, string] => [1, "1"]))), /asks for 16 elements, and its bytes hold 15/],
  ["a string more than the shape says", texts(strings(...sixteen.map((): [number, string] => [1, "1"]), [1, "1"])), /hold 17/],
  ["no bytes for 16 strings", texts(Buffer.alloc(0)), /hold 0/],
  ["two million empty strings for 16", texts(Buffer.alloc(2 ** 22)), /asks for 16 elements/],
];

test("requests with raw tensors that lie", async () => {
  const target = await startTarget();
  expect((await target.send({ path: "/v2/models/simple/infer", ...good })).status).toBe(200);
  for (const [what, { model = "simple", ...sent }, said] of binaries) {
    const { status, text } = await target.send({ path: `/v2/models/${model}/infer`, ...sent });
    expect({ what, status, said: sentence(text) }).toEqual({ what, status: 400, said: expect.stringMatching(said) });
  }
  await target.unmoved();
});

const json = { "content-type": "application/json" };
const manyColumns = Array.from({ length: 20_000 }, (_, at) => ({ [`c${at}`]: 1 }));
const uneven = [Array.from({ length: 30_000 }, () => 1), ...Array.from({ length: 30_000 }, () => [])];
const event = { specversion: "1.0", id: "1", source: "s", type: "t" };

const others: readonly [what: string, path: string, body: string, said: RegExp, headers?: Record<string, string>][] = [
  ["rows of which each has a column of its own", "/predict/trips", JSON.stringify(manyColumns), /no input "c0"|columns/],
  ["records of which each has a column of its own", "/invocations", JSON.stringify({ dataframe_records: manyColumns }), /columns/, json],
  ["instances of which each has a column of its own", "/invocations", JSON.stringify({ instances: manyColumns }), /columns/, json],
  ["columns that are no lists", "/predict/trips", '{"distance": [1], "seats": 1, "city": ["x"]}', /"seats" must be a list/],
  ["a table whose first row is long and the others empty", "/predict/matrix", JSON.stringify({ features: uneven, rank: [1], count: [1] }), /length|elements|shape/],
  ["an array whose first row is long and the others empty", "/invocations", JSON.stringify({ inputs: { distance: uneven, seats: [1], city: ["x"] } }), /length|elements/, json],
  ["a name of a column that cannot be text", "/invocations", '{"dataframe_split": {"columns": [{"toString": 1, "valueOf": 1}], "data": [[1]]}}', /columns/, json],
  ["a name of a column that is deep", "/invocations", `{"dataframe_split": {"columns": [${nested("[", "]", 100_000)}], "data": [[1]]}}`, /columns|JSON/, json],
  ["a column called __proto__", "/invocations", '{"dataframe_records": [{"__proto__": 1}]}', /missing/, json],
  ["a column called toString that one row lacks", "/predict/trips", '[{"toString": 1}, {}]', /does not know "toString"/],
  ["CSV that is a quoted cell of 4 MB without an end", "/invocations", `a\n"${"x".repeat(4_000_000)}`, /missing/, { "content-type": "text/csv" }],
  ["CSV that is a quoted cell of 4 MB", "/invocations", `a\n"${"x".repeat(4_000_000)}"`, /missing/, { "content-type": "text/csv" }],
  ["CSV of two million quotes", "/invocations", `a\n${'"'.repeat(2_000_001)}`, /missing/, { "content-type": "text/csv" }],
  ["a form with __proto__", "/predict/trips", "__proto__=1&distance=1", /no input|missing/, { "content-type": "application/x-www-form-urlencoded" }],
  ["a form with a number of 20 digits in a list", "/predict/trips", "distance=[12345678901234567890,[1]]", /data|length|missing|a list|elements/, { "content-type": "application/x-www-form-urlencoded" }],
  ["an event that is a list", "/v2/models/trips/infer", "[]", /CloudEvent/, { "content-type": "application/cloudevents+json" }],
  ["an event whose data are deep", "/v2/models/trips/infer", `${JSON.stringify(event).slice(0, -1)},"data":${nested("[", "]", 100_000)}}`, /JSON|deep/, { "content-type": "application/cloudevents+json" }],
  ["an event with a number of 20 digits", "/v2/models/trips/infer", `${JSON.stringify(event).slice(0, -1)},"data":{"inputs":12345678901234567890}}`, /"inputs" must be a list/, { "content-type": "application/cloudevents+json" }],
  ["an event whose content type is a number", "/v2/models/trips/infer", JSON.stringify({ ...event, datacontenttype: 1 }), /datacontenttype/, { "content-type": "application/cloudevents+json" }],
];

test("rows, tables, forms and events that lie", async () => {
  const target = await startTarget();
  for (const [what, path, body, said, headers = {}] of others) {
    const begun = performance.now();
    const { status, text } = await target.send({ path, body, headers: { "x-amzn-sagemaker-target-model": "trips", ...headers } });
    expect({ what, status, soon: performance.now() - begun < 5000, said: sentence(text) }).toEqual({ what, status: 400, soon: true, said: expect.stringMatching(said) });
  }
  await target.unmoved();
});

