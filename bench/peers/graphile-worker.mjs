// graphile-worker with the settings of its own performance test: a local queue of 500, batched completion.
import graphile from "graphile-worker";
import pg from "pg";
import { serve } from "./lines.mjs";

const { Logger, runMigrations, runOnce, runTaskList } = graphile;

const jobs = Number(process.env.BENCH_JOBS ?? 24);
const pgPool = new pg.Pool({ max: jobs + 1 });
const report = (error) => console.error(`graphile-worker: ${error.stack}`);
pgPool.on("error", report);
pgPool.on("connect", (client) => client.on("error", report));
const logger = new Logger(() => (level, message) => {
  if (level === "error" || level === "warning") {
    console.error(`graphile-worker: ${message}`);
  }
});
const preset = {
  worker: {
    concurrentJobs: jobs,
    localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};

async function add({ count, batch }) {
  for (let first = 0; first < count; first += batch) {
    const specs = [];
    for (let id = first; id < Math.min(first + batch, count); id++) {
      specs.push({ identifier: "noop", payload: { id } });
    }

    await pgPool.query(
      "select 1 from graphile_worker.add_jobs(array(select json_populate_recordset(null::graphile_worker.job_spec, $1::json)))",
      [JSON.stringify(specs)],
    );
  }
}

async function drain() {
  let completed = 0;
  const noop = () => {
    completed++;
  };
  await runOnce({ preset, pgPool, logger, noHandleSignals: true, taskList: { noop } });
  return { completed };
}

// As its own latency test does it, with the local queue and the batches left out: both trade latency for throughput.
let started;
let idle;

async function latency({ samples }) {
  idle ??= runTaskList(
    { preset: { worker: { concurrentJobs: jobs } }, logger, noHandleSignals: true },
    { latency: () => started(process.hrtime.bigint()) },
    pgPool,
  );
  const milliseconds = [];
  for (let i = 0; i < samples; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 80));
    const start = new Promise((resolve) => (started = resolve));
    const added = process.hrtime.bigint();
    await pgPool.query("select graphile_worker.add_job('latency')");
    milliseconds.push(Number((await start) - added) / 1e6);
  }

  return { milliseconds };
}

await serve({
  install: () => runMigrations({ preset, pgPool, logger }),
  add,
  drain,
  latency,
});
