// The only place that talks HTTP to the controller. Answers are typed, failures are one class
// with the controller's own code and sentence. It never retries a write by itself.
import type { Problem } from './types';

/** A request that hangs is a failure; long enough for a slow line, short enough for a person. */
const REQUEST_TIMEOUT_MS = 20_000;

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: { pointer: string; message: string }[] = [],
  ) {
    super(detail || code);
  }
  /** Nobody knows whether the controller did it. */
  get lost(): boolean {
    return this.status === 0;
  }
}

export interface Call {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  accept?: string;
}

export interface Answer<T> {
  data: T;
  etag: string | null;
  status: number;
}

let csrf = '';
let onUnauthorized: () => void = () => {};

/** Set by the session store; sent with every write. */
export function useCsrf(token: string): void {
  csrf = token;
}
export function whenUnauthorized(then: () => void): void {
  onUnauthorized = then;
}

export async function call<T>(method: string, path: string, options: Call = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = {
    accept: options.accept ?? 'application/json',
    ...options.headers,
  };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (method !== 'GET' && csrf) headers['x-csrf-token'] = csrf;
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
  } catch (error) {
    throw new ApiError(0, 'network', error instanceof Error ? error.message : '');
  }
  if (response.status === 401 && !path.startsWith('/session')) onUnauthorized();
  if (!response.ok) throw await failure(response);
  const etag = response.headers.get('etag');
  const data = await content<T>(response, headers['accept'] ?? '');
  return { data, etag, status: response.status };
}

async function content<T>(response: Response, accept: string): Promise<T> {
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  if (accept.startsWith('text/')) return text as T;
  return (text ? JSON.parse(text) : undefined) as T;
}

async function failure(response: Response): Promise<ApiError> {
  try {
    const problem = (await response.json()) as Problem;
    const detail = problem.detail ?? problem.title ?? '';
    return new ApiError(response.status, problem.code ?? 'http', detail, problem.errors ?? []);
  } catch {
    return new ApiError(response.status, 'http', response.statusText);
  }
}

export async function get<T>(path: string, options?: Call): Promise<T> {
  return (await call<T>('GET', path, options)).data;
}
export async function post<T>(path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
  return (await call<T>('POST', path, { body: body ?? {}, headers })).data;
}

/** Query string of what is set. */
export function query(values: Record<string, string | number | boolean | null | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : '';
}
