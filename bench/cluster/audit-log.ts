// Every request that the API server has answered, by the program that sent it: one measure for all programs.
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiRequests } from './api-requests.ts';

/** One line a request, when it was answered; a watch has another one when it begins. */
const POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', omitManagedFields: true }],
};

type Line = {
  readonly verb: string;
  readonly stage: string;
  readonly userAgent?: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
};

/** The audit log of one API server. */
export class AuditLog {
  readonly #path: string;
  readonly #byProgram = new Map<string, Map<string, number>>();
  #offset = 0;
  #rest = '';

  private constructor(path: string) {
    this.#path = path;
  }

  /** Writes the policy into the folder. `apiServerArgs` has the API server write the log. */
  static async prepare(folder: string): Promise<{ readonly log: AuditLog; readonly apiServerArgs: readonly string[] }> {
    const [policy, path] = [join(folder, 'audit-policy.json'), join(folder, 'audit.jsonl')];
    await writeFile(policy, JSON.stringify(POLICY));
    await writeFile(path, '');
    const apiServerArgs = [`--audit-policy-file=${policy}`, `--audit-log-path=${path}`, '--audit-log-maxsize=0'];
    return { log: new AuditLog(path), apiServerArgs };
  }

  /** What the programs have sent for work so far: without watches, and requests for leases, which come with time. */
  async requestsOf(programs: readonly string[]): Promise<ApiRequests> {
    const all = await this.allRequestsOf(programs);
    return new Map([...all].filter(([key]) => !key.startsWith('watch ') && !key.endsWith(' leases')));
  }

  /** Everything that the programs have sent so far, by `verb resource`. A program is the user agent up to the slash. */
  async allRequestsOf(programs: readonly string[]): Promise<ApiRequests> {
    await this.#readOn();
    const sum = new Map<string, number>();
    for (const program of programs)
      for (const [key, count] of this.#byProgram.get(program) ?? []) sum.set(key, (sum.get(key) ?? 0) + count);
    return sum;
  }

  async #readOn(): Promise<void> {
    await using file = await open(this.#path);
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(size - this.#offset),
      0,
      size - this.#offset,
      this.#offset,
    );
    this.#offset += bytesRead;
    const lines = `${this.#rest}${buffer.toString('utf8', 0, bytesRead)}`.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#count(JSON.parse(line) as Line);
  }

  #count({ verb, stage, userAgent = '', objectRef: { resource = '', subresource } = {} }: Line): void {
    if (stage !== (verb === 'watch' ? 'ResponseStarted' : 'ResponseComplete')) return;
    const program = userAgent.split('/', 1)[0] ?? '';
    const key = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
    const counts = this.#byProgram.get(program) ?? new Map<string, number>();
    counts.set(key, (counts.get(key) ?? 0) + 1);
    this.#byProgram.set(program, counts);
  }
}
