// The one tick of the page. Ages are computed against the controller's clock, so that a wrong
// clock on the operator's desk makes nothing look fresh or stale.

class Clock {
  /** Controller's time, once a second. */
  now = $state(Date.now());
  #offset = 0;

  /** The controller said what time it is. */
  set(controllerMs: number): void {
    this.#offset = controllerMs - Date.now();
    this.now = controllerMs;
  }

  /** A local moment on the controller's clock. */
  of(localMs: number): number {
    return localMs + this.#offset;
  }

  start(): void {
    const tick = () => {
      if (document.visibilityState === 'visible') this.now = Date.now() + this.#offset;
    };
    setInterval(tick, 1_000);
    document.addEventListener('visibilitychange', tick);
  }
}

export const clock = new Clock();
