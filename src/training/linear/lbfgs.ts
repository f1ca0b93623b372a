/** A smooth convex function: writes its gradient at `point` and returns its value. */
export type Objective = (point: Float64Array, gradient: Float64Array) => number;

export interface MinimizeOptions {
  /** Ends when no entry of the gradient is larger than this. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Positive estimates of the second derivatives, the first guess of the inverse Hessian. */
  readonly curvature: Float64Array;
  readonly onIteration?: (iteration: number, value: number) => void;
}

/** Steps whose change of point and gradient is remembered. */
const memory = 10;
/** Share of the predicted decrease that a step must bring (Armijo). */
const sufficient = 1e-4;

interface Step {
  readonly point: Float64Array;
  readonly gradient: Float64Array;
  readonly product: number;
}

/**
 * Minimises a convex function from `start` by L-BFGS (Nocedal & Wright, "Numerical Optimization", algorithms 7.4 and
 * 7.5) with backtracking.
 */
export function minimize(objective: Objective, start: Float64Array, options: MinimizeOptions): Float64Array {
  let point = start;
  let gradient = new Float64Array(start.length);
  let value = objective(point, gradient);
  const steps: Step[] = [];
  for (let iteration = 1; iteration <= options.maxIterations && largest(gradient) > options.tolerance; iteration++) {
    const direction = descentDirection(gradient, steps, options.curvature);
    const slope = dot(direction, gradient);
    const nextGradient = new Float64Array(start.length);
    let length = 1;
    let nextPoint = along(point, direction, length);
    let nextValue = objective(nextPoint, nextGradient);
    while (!(nextValue <= value + sufficient * length * slope) && length > 1e-10) {
      length /= 2;
      nextPoint = along(point, direction, length);
      nextValue = objective(nextPoint, nextGradient);
    }
    // No step lowers the value any more: this is the minimum within rounding.
    if (!(nextValue < value)) break;
    remember(steps, difference(nextPoint, point), difference(nextGradient, gradient));
    point = nextPoint;
    gradient = nextGradient;
    value = nextValue;
    options.onIteration?.(iteration, value);
  }
  return point;
}

/** The two-loop recursion: minus the estimated inverse Hessian times the gradient. */
function descentDirection(gradient: Float64Array, steps: readonly Step[], curvature: Float64Array): Float64Array {
  const direction = gradient.map((entry) => -entry);
  const factors = new Float64Array(steps.length);
  for (let i = steps.length - 1; i >= 0; i--) {
    factors[i] = dot(steps[i].point, direction) / steps[i].product;
    addScaled(direction, -factors[i], steps[i].gradient);
  }
  for (let i = 0; i < direction.length; i++) direction[i] /= curvature[i];
  for (let i = 0; i < steps.length; i++) {
    addScaled(direction, factors[i] - dot(steps[i].gradient, direction) / steps[i].product, steps[i].point);
  }
  return direction;
}

function remember(steps: Step[], point: Float64Array, gradient: Float64Array): void {
  const product = dot(point, gradient);
  // Rounding can make the measured curvature vanish; such a step teaches nothing.
  if (product <= 1e-14 * dot(gradient, gradient)) return;
  steps.push({ point, gradient, product });
  if (steps.length > memory) steps.shift();
}

const largest = (vector: Float64Array): number => vector.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
const difference = (a: Float64Array, b: Float64Array): Float64Array => a.map((entry, i) => entry - b[i]);
const along = (point: Float64Array, direction: Float64Array, length: number): Float64Array =>
  point.map((entry, i) => entry + length * direction[i]);

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(into: Float64Array, factor: number, vector: Float64Array): void {
  for (let i = 0; i < into.length; i++) into[i] += factor * vector[i];
}
