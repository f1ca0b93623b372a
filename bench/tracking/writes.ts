import { latency, median, rate, type Figures } from "./figures.ts";
import { load, openClient, type Client } from "./load.ts";

/** Single metrics from 1, 8 and 64 clients, batches, and the whole of a short training. */
export async function measureWrites(url: string, seconds: number): Promise<Figures> {
  const runs = await Promise.all(Array.from({ length: 64 }, () => newRun(url)));
  const point = (client: Client, number: number) => client.post("runs/log-metric", { run_id: runs[number % runs.length], key: "loss", value: 1 / (number + 1), timestamp: 1_700_000_000_000 + number, step: number });
  let batches = 0;
  const batch = (client: Client) => {
    const from = batches++ * 1000;
    const metrics = Array.from({ length: 1000 }, (_, at) => ({ key: `m${at % 20}`, value: at, timestamp: 1_700_000_000_000 + from + at, step: from + at }));
    return client.post("runs/log-batch", { run_id: runs[0], metrics });
  };
  await load(url, 1, 1, point);
  const one = await load(url, 1, seconds, point);
  const eight = await load(url, 8, seconds, point);
  const many = await load(url, 64, seconds, point);
  const thousand = await load(url, 1, seconds, batch);
  const client = openClient(url);
  const training = await median(3, () => train(client));
  client.close();
  return {
    "log_metric, 1 client, p50": latency(one),
    "log_metric, 1 client": rate(one),
    "log_metric, 8 clients": rate(eight),
    "log_metric, 64 clients": rate(many),
    "log_batch of 1000 metrics, p50": latency(thousand),
    "a run of 100 epochs with 20 metrics, start to end": training,
  };
}

async function newRun(url: string): Promise<string> {
  const client = openClient(url);
  const id = await createRun(client);
  client.close();
  return id;
}

async function createRun(client: Client): Promise<string> {
  const { run } = (await client.post("runs/create", { experiment_id: "0", start_time: Date.now() })) as { run: { info: { run_id: string } } };
  return run.info.run_id;
}

/** What a training logs: parameters, twenty metrics an epoch, its end. */
async function train(client: Client): Promise<void> {
  const id = await createRun(client);
  await client.post("runs/log-batch", { run_id: id, params: Array.from({ length: 10 }, (_, at) => ({ key: `p${at}`, value: String(at) })) });
  for (let epoch = 0; epoch < 100; epoch++) {
    const metrics = Array.from({ length: 20 }, (_, at) => ({ key: `m${at}`, value: 1 / (epoch + at + 1), timestamp: Date.now(), step: epoch }));
    await client.post("runs/log-batch", { run_id: id, metrics });
  }
  await client.post("runs/update", { run_id: id, status: "FINISHED", end_time: Date.now() });
}
