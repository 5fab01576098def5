// The client that @hey-api/openapi-ts generated, against a real owhaled over TCP: URL and token stand in the environment.
import { client } from "./generated/sdk/client.gen";
import { policyCheck, runsCreate, runsList, runsShow, whoami } from "./generated/sdk/sdk.gen";

function check(good: boolean, what: string): void {
  if (!good) throw new Error(what);
  console.log(`ok ${what}`);
}

async function main(): Promise<void> {
  client.setConfig({ baseUrl: process.env["OWHALE_HOST"] ?? "", auth: () => process.env["OWHALE_TOKEN"] });
  const who = await whoami();
  check(who.data?.principal === "user:admin", "whoami is user:admin");
  const made = await runsCreate({ body: { argv: ["echo", "hello"], wait: true } });
  check(made.data?.state === "exited" && made.data.stdout === "hello\n", "a waited run gives its output");
  const again = await runsShow({ path: { id: made.data?.id ?? "" } });
  check(again.data?.exit_code === 0, "it is shown by its id");
  const list = await runsList({ query: { limit: 1, state: "exited" } });
  check(list.data?.runs.length === 1, "it stands in the list");
  const verdict = await policyCheck({ body: { script: "rm -rf /" } });
  check(verdict.data?.decision !== "allow", "the policy answers");
  const gone = await runsShow({ path: { id: "01900000-0000-7000-8000-000000000000" } });
  check(gone.error?.code === "not_found", "a problem has its code");
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
