import { describe, expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, variant } from "../../fixtures/gateway-process.ts";

const models = config(
  1,
  endpoint("trips", variant("champion", "trips-1", 1)),
  endpoint("churn", variant("champion", "churn", 1)),
  endpoint("matrix", variant("champion", "matrix", 1)),
);

const start = async (which = models) => {
  const { url } = await startProcess(await makeHome(which));
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const answer = await fetch(url + path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: typeof body === "string" ? body : JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, body: (text.startsWith("<") ? undefined : JSON.parse(text)) as unknown };
  };
  return { url, post };
};

describe("plain JSON", () => {
  test("a row gets an object, rows a list, columns columns; missing values and columns are missing", async () => {
    const { post } = await start();
    const row = { distance: 1.5, seats: 2, city: "Rome" };
    expect(await post("/predict/trips", row)).toMatchObject({ status: 200, body: { prediction: 25 } });
    expect((await post("/predict/trips", [row, { distance: null, seats: 3, city: null }, { seats: 3, distance: 1 }])).body).toEqual([{ prediction: 25 }, { prediction: 3 }, { prediction: 5 }]);
    expect((await post("/predict/trips", { distance: [1.5, null], seats: [2, 3], city: ["Rome", null] })).body).toEqual({ prediction: [25, 3] });
    const churn = await post("/predict/churn/versions/churn", { distance: 30, seats: 1, city: "Oslo" }, { "x-request-id": "r 1", "x-sticky-key": "ada" });
    expect(churn.body).toEqual({ label: "yes", probabilities: [expect.closeTo(0, 5), expect.closeTo(1, 5)] });
    expect([churn.headers.get("x-request-id"), churn.headers.get("x-model-version"), churn.headers.get("x-model-variant")]).toEqual(["r 1", "churn", "champion"]);
    expect((await post("/predict/matrix", { features: [1, 2, 3], rank: 0.5, count: 2 })).body).toEqual({ total: 8.5 });
    expect((await post("/predict/matrix", { features: [[1, 2, 3], [0, 0, 1]], rank: [0.5, 0], count: [2, 3] })).body).toEqual({ total: [8.5, 4] });
  });

  test.each<[string, unknown, number, RegExp]>([
    ["/predict/trips", { distance: 1, seats: 1, town: "Oslo" }, 400, /"city" is missing; .* does not know "town"/],
    ["/predict/trips", { distance: "far", seats: 1, city: "Oslo" }, 400, /"distance": data\[0\] is "far"; it takes numbers/],
    ["/predict/trips", [1], 400, /Row 0 must be an object/],
    ["/predict/trips", 7, 400, /must be a JSON object/],
    ["/predict/trips", { distance: [1, 2], seats: 1, city: ["a", "b"] }, 400, /"seats" must be a list, as other columns are/],
    ["/predict/trips", "{", 400, /not JSON/],
    ["/predict", { distance: 1 }, 400, /Several models are here, and \/predict names none: "churn", "matrix", "trips"\. Ask at \/predict\/churn, name one in the header/],
    ["/predict/nobody", {}, 404, /unknown model: 'nobody' is not found/],
    ["/predict/trips/versions/9", {}, 404, /'trips' version 9 is not found/],
    ["/predict/trips/more", {}, 404, /nothing at POST \/predict\/trips\/more/],
  ])("%s %j is refused with %s", async (path, body, status, message) => {
    const { post } = await start();
    expect(await post(path, body)).toMatchObject({ status, body: { error: expect.stringMatching(message) } });
  });

  test("other content types and methods are refused with what would be right; the only model needs no name", async () => {
    const { post, url } = await start(config(1, endpoint("only", variant("champion", "trips-1", 1))));
    expect(await post("/predict", { distance: 1, seats: 1, city: "Oslo" })).toMatchObject({ body: { prediction: 13 } });
    expect(await post("/predict/only", "1,2", { "content-type": "text/csv" })).toMatchObject({ status: 415 });
    const deleted = await fetch(`${url}/predict/only`, { method: "DELETE" });
    expect([deleted.status, deleted.headers.get("allow")]).toEqual([405, "GET, POST"]);
  });

  test("the form answers with the page again: prediction, mistake, and no script of whoever named an input", async () => {
    const { post, url } = await start();
    const page = await fetch(`${url}/predict/trips`);
    expect(page.headers.get("content-security-policy")).toMatch(/default-src 'none'/);
    expect(await page.text()).toContain('name="distance"');
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await post("/predict/trips", { distance: 1.5, seats: 2, city: "Rome" }, form)).body).toEqual({ prediction: 25 }); // as curl -d sends it
    expect((await post("/predict/trips", "distance=1.5&seats=2&city=Rome", form)).text).toContain("<th>prediction</th><td>25</td>");
    const wrong = await post("/predict/trips", `distance=far&seats=2&city=${encodeURIComponent('"><script>alert(1)</script>')}`, form);
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain("it takes numbers");
    expect(wrong.text).not.toContain("<script>");
    expect(await (await fetch(`${url}/predict`)).text()).toContain('href="/predict/churn"');
  });

  test("every example of the OpenAPI document works", async () => {
    const { post, url } = await start();
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, { post: { requestBody: { content: Record<string, { example: unknown }> } } }> };
    expect(Object.keys(document.paths)).toHaveLength(6);
    for (const [path, { post: operation }] of Object.entries(document.paths)) {
      expect(await post(path, operation.requestBody.content["application/json"].example), path).toMatchObject({ status: 200 });
    }
    const one = (await (await fetch(`${url}/predict/churn/openapi.json`)).json()) as typeof document;
    expect(Object.keys(one.paths)).toEqual(["/predict/churn", "/v2/models/churn/infer"]);
  });
});
