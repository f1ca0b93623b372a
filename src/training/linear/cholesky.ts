import { invalid } from "../../errors.ts";

/**
 * Solves A x = b for a symmetric positive definite A (row-major, overwritten by its factor L of A = L Lᵀ) (Golub & Van
 * Loan, "Matrix Computations", 4.2). Throws `training.singular` if A is not positive definite within rounding.
 */
export function solvePositiveDefinite(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j];
      const tolerance = Math.abs(sum) * size * Number.EPSILON;
      for (let k = 0; k < j; k++) sum -= matrix[i * size + k] * matrix[j * size + k];
      if (i > j) {
        matrix[i * size + j] = sum / matrix[j * size + j];
      } else if (sum > tolerance) {
        matrix[i * size + i] = Math.sqrt(sum);
      } else {
        throw invalid(
          "training.singular",
          "The features determine each other, so the coefficients are not unique; raise train.params.l2_regularization.",
        );
      }
    }
  }
  const solution = Float64Array.from(right);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) solution[i] -= matrix[i * size + k] * solution[k];
    solution[i] /= matrix[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) solution[i] -= matrix[k * size + i] * solution[k];
    solution[i] /= matrix[i * size + i];
  }
  return solution;
}
