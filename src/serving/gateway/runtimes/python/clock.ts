/** The time as workers are watched by it. */
export interface Clock {
  /** Calls `act` once in `milliseconds`; the function that it gives back takes that back. */
  after(milliseconds: number, act: () => void): () => void;
}

export const realClock: Clock = {
  after: (milliseconds, act) => {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
};
