// A small program over openapi-typescript's types: it has to compile strictly, and what is wrong in it must not.
import createClient from "openapi-fetch";
import type { components, paths } from "./generated/types";

type Run = components["schemas"]["Run"];
type Code = components["schemas"]["Problem"]["code"];

export const retry: Record<"rate_limited" | "busy", Code> = { rate_limited: "rate_limited", busy: "busy" };
const client = createClient<paths>({ baseUrl: "http://localhost" });

export async function run(argv: string[]): Promise<Run> {
  const { data, error } = await client.POST("/v1/runs", { body: { argv, wait: true } });
  if (error) throw new Error(`${error.code}: ${error.detail}`);
  return data;
}

export async function running(): Promise<string[]> {
  const { data } = await client.GET("/v1/runs", { params: { query: { state: "running", limit: 5 } } });
  return (data?.runs ?? []).map((one: Run) => one.id);
}

export async function wrong(): Promise<void> {
  // @ts-expect-error there is no such state
  await client.GET("/v1/runs", { params: { query: { state: "walking" } } });
  // @ts-expect-error nobody knows this field
  const request: components["schemas"]["RunRequest"] = { argv: ["id"], shell: true };
  await client.POST("/v1/runs", { body: request });
  // @ts-expect-error a number is no signal
  await client.POST("/v1/runs/{id}/signal", { params: { path: { id: "x" } }, body: { signal: 15 } });
}
