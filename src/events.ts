import type { Logger } from "./log.ts";

/** Something that happened in a room, named `<room>.<what_happened>`; how a later room's news reaches an earlier one. */
export interface Event {
  readonly name: string;
  readonly time: number;
  readonly payload: Readonly<Record<string, unknown>>;
}

export type Listener = (event: Event) => void | Promise<void>;

/**
 * The house's event bus, in process. Listeners run one after another in the order they were added; one that fails is logged and
 * does not stop the others. What must survive a crash is a row in the database first and an event second.
 */
export interface Events {
  emit(event: Event): Promise<void>;
  /** Listens to one event name, or to all with `*`; returns the way to stop. */
  on(name: string, listener: Listener): () => void;
}

export function openEvents(log: Logger): Events {
  const listeners = new Map<string, Set<Listener>>();
  return {
    async emit(event) {
      for (const listener of [...(listeners.get(event.name) ?? []), ...(listeners.get("*") ?? [])]) {
        try {
          await listener(event);
        } catch (error) {
          log.error({ err: error, event: event.name }, "a listener of this event failed");
        }
      }
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set();
      listeners.set(name, set.add(listener));
      return () => void set.delete(listener);
    },
  };
}
