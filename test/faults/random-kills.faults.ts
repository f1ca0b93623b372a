import { join } from "node:path";
import { expect, test } from "vitest";
import { Random } from "../../src/serving/gateway/hostile/fuzz/random.ts";
import { makeHome, predict } from "../lived-in-home.ts";
import { millrace, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { gatewayOf, rowsIn } from "../endurance/gateway-under-load.ts";

/** Every change takes some dozens; a thousand every night. */
const kills = Number(process.env["KILLS"] ?? 25);
const writers = 16;

/** Something that a writer asked for, and how to see whether it is there: how many of its parts, of how many. */
interface Asked {
  readonly what: string;
  readonly parts: (url: string) => Promise<readonly [there: number, of: number]>;
}

const post = async (url: string, path: string, body: unknown): Promise<object> => {
  const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const text = await answer.text();
  // An answer that is an error is a fault: a server that is killed gives none.
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
  return JSON.parse(text) as object;
};

const dataOf = async (url: string, run: string): Promise<{ params?: { key: string }[]; metrics?: { key: string }[]; tags?: { key: string }[] }> => {
  const answer = await fetch(`${url}/api/2.0/mlflow/runs/get?run_id=${run}`);
  if (!answer.ok) throw new Error(`runs/get: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { run: { data: object } }).run.data;
};

/** One request of a writer, of each kind in turn. */
function ask(run: string, name: string, turn: number): Asked & { readonly send: (url: string) => Promise<unknown> } {
  const keys = Array.from({ length: 5 }, (_, at) => ({ key: `${name}.${at}` }));
  if (turn % 3 === 0)
    return {
      what: `log-batch ${name}`,
      send: (url) => post(url, "runs/log-batch", { run_id: run, params: keys.map((one) => ({ ...one, value: "v" })), tags: keys.map((one) => ({ ...one, value: "v" })), metrics: keys.map((one) => ({ ...one, value: 1, timestamp: 1, step: 1 })) }),
      parts: async (url) => {
        const { params = [], metrics = [], tags = [] } = await dataOf(url, run);
        return [[...params, ...metrics, ...tags].filter(({ key }) => key.startsWith(`${name}.`)).length, 15];
      },
    };
  if (turn % 3 === 1)
    return {
      what: `run ${name}`,
      send: (url) => post(url, "runs/create", { experiment_id: "0", run_name: name, tags: [{ key: "made", value: name }] }),
      parts: async (url) => {
        const { runs = [] } = (await post(url, "runs/search", { experiment_ids: ["0"], filter: `tags.made = '${name}' and run_name = '${name}'` })) as { runs?: unknown[] };
        return [runs.length, 1];
      },
    };
  const path = `api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/${name}`;
  const content = `${name} `.repeat(2000 + turn);
  return {
    what: `artifact ${name}`,
    send: async (url) => {
      const answer = await fetch(`${url}/${path}`, { method: "PUT", body: content });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    },
    parts: async (url) => {
      const answer = await fetch(`${url}/${path}`);
      const text = await answer.text();
      return answer.status === 404 ? [0, 1] : [answer.status === 200 && text === content ? 1 : 0.5, 1];
    },
  };
}

test(`${kills} times kill -9 at random under ${writers} writers and a client of the gateway: nothing that was answered is lost, nothing is there in part`, { timeout: 120_000 + kills * 30_000 }, async () => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
  const random = new Random(seed);
  const { home } = await makeHome(await temporaryFolder());
  let server = await startMillrace(home);
  const gateway = await gatewayOf(home);
  await gateway.flush();
  const rowsBefore = await rowsIn(join(home, "predictions"));
  const totals = { sent: 0, answered: 0, unansweredThere: 0, predictions: 0 };
  for (let life = 0; life < kills; life++) {
    const { url } = server;
    const { run } = (await post(url, "runs/create", { experiment_id: "0" })) as { run: { info: { run_id: string } } };
    const killAfter = 1 + random.below(60);
    let [answered, over] = [0, false];
    const outcomes: { asked: Asked; answered: boolean }[] = [];
    const writer = async (number: number): Promise<void> => {
      for (let turn = number; !over; turn++) {
        const asked = ask(run.info.run_id, `l${life}w${number}t${turn}`, turn);
        const outcome = { asked, answered: false };
        outcomes.push(outcome);
        try {
          await asked.send(url);
        } catch (error) {
          if (error instanceof TypeError && over) return;
          throw error;
        }
        outcome.answered = true;
        if (++answered === killAfter) {
          over = true;
          await server.kill();
        }
      }
    };
    const client = async (): Promise<void> => {
      while (!over) {
        // The gateway answers whether its server lives or not, but is found by asking the server.
        await predict(url, 1).then(() => totals.predictions++, (error: unknown) => (over ? undefined : Promise.reject(error as Error)));
      }
    };
    await Promise.all([...Array.from({ length: writers }, (_, number) => writer(number)), client()]);
    server = await startMillrace(home);
    for (const { asked, answered: wasAnswered } of outcomes) {
      const [there, of] = await asked.parts(server.url);
      if (wasAnswered) expect([asked.what, there], `answered in life ${life}, seed ${seed}`).toEqual([asked.what, of]);
      else {
        expect([0, of], `${asked.what}, not answered in life ${life}, seed ${seed}`).toContain(there);
        if (there === of) totals.unansweredThere++;
      }
    }
    totals.sent += outcomes.length;
    totals.answered += outcomes.filter((one) => one.answered).length;
    if ((life + 1) % 50 === 0) console.log(`${life + 1} kills, ${totals.answered} answered`);
  }
  expect(await gateway.flush()).toBe(200);
  // A prediction whose client was told nothing may be there as well.
  const rows = (await rowsIn(join(home, "predictions"))) - rowsBefore;
  expect(rows).toBeGreaterThanOrEqual(totals.predictions);
  expect(rows).toBeLessThanOrEqual(totals.predictions + kills);
  const doctor = await millrace(["doctor", "--full", "--home", home]);
  expect([doctor.code, doctor.out], doctor.out).toEqual([0, expect.stringMatching(/is whole\.\n/)]);
  console.log(`${kills} kills (seed ${seed}): ${totals.sent} requests sent, ${totals.answered} answered and there, ${totals.unansweredThere} of the others there, whole; ${totals.predictions} predictions, ${rows} rows in the log`);
});
