import { expect, test } from "vitest";
import { openProtocol, startRun } from "../../test/open-protocol.ts";
import { storeFile } from "./files.ts";
import { renderNotebook } from "./notebook.ts";

async function openFiles(files: Readonly<Record<string, string | Buffer>>) {
  const protocol = await openProtocol();
  const run = await startRun(protocol);
  for (const [path, content] of Object.entries(files)) await storeFile(protocol.house.db, run, path, await protocol.house.blobs.put(Buffer.from(content)));
  return { get: async (path: string) => protocol.server.inject({ method: "GET", url: `/api/tracking/runs/${run}/${path}` }) };
}

const preview = async (path: string, content: string | Buffer) => {
  const { get } = await openFiles({ [path]: content });
  return JSON.parse((await get(`preview?path=${encodeURIComponent(path)}`)).body) as Record<string, unknown>;
};

test.each([
  ["a.png", "x", { kind: "image" }],
  ["a.SVG", "<svg/>", { kind: "image" }],
  ["a.html", "<p>", { kind: "document" }],
  ["a.ipynb", "{}", { kind: "document" }],
  ["a.csv", "x,y\n1,2\n", { kind: "table", rows: [["x", "y"], ["1", "2"]], note: "" }],
  ["a.tsv", "x\ty", { kind: "table", rows: [["x", "y"]] }],
  ["a.json", '{"a":[1]}', { kind: "text", text: '{\n  "a": [\n    1\n  ]\n}' }],
  ["table.json", '{"columns":["question","score",3],"data":[["a, b",0.5,null],["c",{"x":[1]},true]]}', { kind: "table", rows: [["question", "score", "3"], ["a, b", "0.5", ""], ["c", '{"x":[1]}', "true"]], note: "" }],
  ["pandas.json", '{"columns":["a"],"index":[7],"data":[[1]]}', { kind: "table", rows: [["a"], ["1"]] }],
  ["uneven.json", '{"columns":["a"],"data":[[1,2]]}', { kind: "text" }],
  ["other.json", '{"columns":["a"],"data":[[1]],"more":1}', { kind: "text" }],
  ["exact.json", '{"columns":["id"],"data":[[12345678901234567890]]}', { kind: "text", text: '{"columns":["id"],"data":[[12345678901234567890]]}' }],
  ["big.json", '{"a":12345678901234567890}', { kind: "text", text: '{"a":12345678901234567890}' }],
  ["bad.json", "{", { kind: "text", text: "{" }],
  ["README.md", "# <script>", { kind: "text", text: "# <script>" }],
  ["Dockerfile", "FROM x", { kind: "text" }],
  ["a.bin", Buffer.from([1, 0, 2]), { kind: "none" }],
  ["empty.txt", "", { kind: "text", text: "", note: "" }],
] as const)("%s is shown as what it is", async (path, content, expected) => expect(await preview(path, content)).toMatchObject(expected));

test("of what is long the beginning is shown, and that is said", async () => {
  const text = await preview("log.txt", "x".repeat(500_000));
  expect([(text["text"] as string).length, text["note"]]).toEqual([400_000, "The first 400 kB of 500 kB; download it to see all."]);
  const table = await preview("t.csv", `a,b\n${"1,2\n".repeat(1000)}`);
  expect([(table["rows"] as unknown[]).length, table["note"]]).toEqual([201, "The first 200 rows; download the file to see all."]);
  const logged = await preview("t.json", JSON.stringify({ columns: ["a", "b"], data: Array.from({ length: 90_000 }, (_, index) => [index, "x"]) }));
  expect([(logged["rows"] as unknown[]).length, logged["note"]]).toEqual([201, "The first 200 of 90000 rows; download the file to see all."]);
  expect(await preview("huge.html", "x".repeat(10_000_001))).toMatchObject({ kind: "none", note: "Documents of up to 10 MB are shown, this one has 10.0 MB: download it." });
});

test("whatever others made is sandboxed, never sniffed, and downloads by its name", async () => {
  const { get } = await openFiles({ "a b/x.html": "<script>1</script>", "n.ipynb": '{"cells":[]}', "p.svg": "<svg/>" });
  for (const path of ["artifacts/a%20b/x.html", "document?path=a%20b%2Fx.html", "document?path=n.ipynb", "artifacts/p.svg"]) {
    const { statusCode, headers } = await get(path);
    expect([path, statusCode, headers["x-content-type-options"]]).toEqual([path, 200, "nosniff"]);
    expect(headers["content-security-policy"]).toBe("sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'");
  }
  const download = await get("artifacts/a%20b/x.html?download=true");
  expect([download.headers["content-disposition"], download.headers["content-length"], download.body]).toEqual([`attachment; filename="artifact"; filename*=UTF-8''x.html`, "18", "<script>1</script>"]);
});

test.each([
  ["document?path=a.csv", 400, "tracking.no_document"],
  ["document?path=bad.ipynb", 400, "tracking.bad_notebook"],
  ["document?path=none.html", 404, "tracking.artifact_not_found"],
  ["preview?path=..%2F..%2Fetc%2Fpasswd", 404, "tracking.artifact_not_found"],
  ["artifacts/../../../etc/passwd", 404, undefined],
])("%s answers %d %s", async (path, status, code) => {
  const answer = await (await openFiles({ "a.csv": "1", "bad.ipynb": "[]" })).get(path);
  expect(answer.statusCode).toBe(status);
  if (code !== undefined) expect(answer.json()).toMatchObject({ error: { code } });
});

test("a folder lists what lies in it", async () => {
  const { get } = await openFiles({ "a/b.txt": "1", "c.txt": "22" });
  expect((await get("files")).json()).toEqual({ entries: [{ path: "a", folder: true, size: 0 }, { path: "c.txt", folder: false, size: 2 }] });
  expect((await get("files?path=a")).json()).toEqual({ entries: [{ path: "a/b.txt", folder: false, size: 1 }] });
});

test("a notebook's text is escaped; only its HTML outputs are HTML", () => {
  const html = renderNotebook(JSON.stringify({ cells: [
    { cell_type: "markdown", source: "<b>no</b>" },
    { cell_type: "code", execution_count: 3, source: ["a < b\n", "c"], outputs: [{ output_type: "stream", text: "<i>" }, { output_type: "execute_result", data: { "text/html": "<table></table>", "text/plain": "no" } }, { output_type: "display_data", data: { "image/png": 'AA\nB"><script>' } }, { output_type: "error", traceback: ["\u001b[0;31mError\u001b[0m"] }] },
  ] }))!;
  expect(html).toContain("&lt;b&gt;no&lt;/b&gt;");
  expect(html).toContain("In [3]");
  expect(html).toContain("a &lt; b\nc");
  expect(html).toContain("&lt;i&gt;");
  expect(html).toContain("<table></table>");
  expect(html).toContain('src="data:image/png;base64,AAB&quot;&gt;&lt;script&gt;"');
  expect(html).toContain(">Error</pre>");
});

test.each(["", "{", "null", "[]", '{"cells":1}'])("%j is no notebook", (text) => expect(renderNotebook(text)).toBeUndefined());
