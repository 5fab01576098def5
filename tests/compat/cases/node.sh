#!/bin/bash
# needs: node=nodejs
. "$COMPAT_LIB/case.bash"

# Workers, a child with a message channel, a server and its client, and a watched file, in one program.
cat >all.mjs <<'JS'
import { fork, execFileSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { createServer } from 'node:http';
import { watch, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';

if (process.argv[2] === 'child') {
  process.send({ answer: 42 });
  process.disconnect();
} else {
  const child = fork(process.argv[1], ['child']);
  const [message] = await once(child, 'message');
  const worker = new Worker('require("worker_threads").parentPort.postMessage(7)', { eval: true });
  const [seven] = await once(worker, 'message');
  const server = createServer((_, answer) => answer.end('served')).listen(0, 'localhost');
  await once(server, 'listening');
  const text = await (await fetch(`http://localhost:${server.address().port}/`)).text();
  server.close();
  const watcher = watch('.');
  const changed = once(watcher, 'change');
  writeFileSync('seen', randomUUID());
  await changed;
  watcher.close();
  const spawned = execFileSync('sh', ['-c', 'echo spawned']).toString().trim();
  console.log(message.answer, seven, text, spawned);
}
JS
same node '42 7 served spawned' "$(caged -- node all.mjs)"
