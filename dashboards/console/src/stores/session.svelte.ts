// Who is signed in. The controller decides what a role may do; here it only decides what is shown.
import { ApiError, call, get, useCsrf, whenUnauthorized } from '../api/client';
import type { Role, Session } from '../api/types';

const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

class SessionStore {
  /** undefined: not known yet; null: nobody. */
  current = $state<Session | null | undefined>(undefined);
  /** Why nobody is signed in, when it was not by choice. */
  ended = $state(false);
  unreachable = $state(false);

  async load(): Promise<void> {
    whenUnauthorized(() => this.#lost());
    try {
      this.#take(await get<Session>('/session'));
    } catch (error) {
      this.unreachable = error instanceof ApiError && error.status !== 401;
      this.current = null;
    }
  }

  async signIn(name: string, password: string): Promise<void> {
    const { data } = await call<Session>('POST', '/session', { body: { name, password } });
    this.ended = false;
    this.#take(data);
  }

  async signOut(): Promise<void> {
    await call('DELETE', '/session');
    this.current = null;
    useCsrf('');
  }

  may(role: Role): boolean {
    return !!this.current && RANK[this.current.role] >= RANK[role];
  }

  #take(session: Session): void {
    useCsrf(session.csrf_token);
    this.unreachable = false;
    this.current = session;
  }

  #lost(): void {
    if (this.current) this.ended = true;
    this.current = null;
    useCsrf('');
  }
}

export const session = new SessionStore();
