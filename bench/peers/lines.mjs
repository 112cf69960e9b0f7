// A driver's end of the talk with the bench: a line of JSON in, which says what to do, a line of JSON out when it is done.
// It ends when its input does.
import { createInterface } from "node:readline";

export async function serve(verbs) {
  for await (const line of createInterface({ input: process.stdin })) {
    const order = JSON.parse(line);
    let answer;
    try {
      const verb = verbs[order.verb];
      if (!verb) {
        throw new Error(`There is no '${order.verb}' here.`);
      }

      answer = (await verb(order)) ?? {};
    } catch (error) {
      answer = { error: error.stack ?? String(error) };
    }

    process.stdout.write(JSON.stringify(answer) + "\n");
  }

  process.exit(0);
}
