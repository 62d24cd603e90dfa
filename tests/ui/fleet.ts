// Starts the demo fleet with two displays in a folder of its own, and ends it after the last journey.
// The programs were built before (`make build`); CARGO_TARGET_DIR says where they are.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Fleet {
  console: string;
  name: string;
  password: string;
  kiosks: Record<string, string>;
  printers: number[];
}

/** The fleet that the setup started. */
export function fleet(): Fleet {
  return JSON.parse(process.env.MIGRADO_FLEET ?? '{}') as Fleet;
}

const START_MS = 120_000;

export default async function start(): Promise<() => Promise<void>> {
  const target = process.env.CARGO_TARGET_DIR ?? join(import.meta.dirname, '../../target');
  const dir = mkdtempSync(join(tmpdir(), 'migrado-ui-'));
  const demo = spawn(join(target, 'debug/migrado-demo'), ['--json', '--terminals', '2', '--dir', dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.env.MIGRADO_FLEET = await firstLine(demo);
  return async () => {
    const ended = new Promise((resolve) => demo.once('exit', resolve));
    demo.kill('SIGTERM');
    await ended;
    rmSync(dir, { recursive: true, force: true });
  };
}

function firstLine(demo: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the fleet did not start in time')), START_MS);
    demo.once('exit', (code) => reject(new Error(`the fleet ended with ${code}`)));
    createInterface({ input: demo.stdout! }).once('line', (line) => {
      clearTimeout(late);
      resolve(line);
    });
  });
}
