// pg-boss, driven by its own fetch and complete in batches, without its worker around them and without sorting.
import { PgBoss } from "pg-boss";
import { serve } from "./lines.mjs";

const queue = "noop";
const boss = new PgBoss({ supervise: false, schedule: false, max: 10 });
boss.on("error", (error) => console.error(`pg-boss: ${error.stack}`));

async function add({ count, batch }) {
  for (let first = 0; first < count; first += batch) {
    const jobs = [];
    for (let id = first; id < Math.min(first + batch, count); id++) {
      jobs.push({ data: { id } });
    }

    await boss.insert(queue, jobs, { returnId: false });
  }
}

async function drain({ loops, batch }) {
  const counts = await Promise.all(Array.from({ length: loops }, () => drainOne(batch)));
  return { completed: counts.reduce((a, b) => a + b, 0) };
}

async function drainOne(batch) {
  for (let completed = 0; ; ) {
    const jobs = await boss.fetch(queue, { batchSize: batch, priority: false, orderByCreatedOn: false });
    if (jobs.length === 0) {
      return completed;
    }

    await boss.complete(queue, jobs.map((job) => job.id));
    completed += jobs.length;
  }
}

await boss.start();
await serve({
  install: () => boss.createQueue(queue),
  add,
  drain,
});
