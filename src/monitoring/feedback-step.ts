import type { Step } from "../stage.ts";
import { collectFeedback, type FeedbackRequest } from "./feedback.ts";

/** Collects the labelled rows that production sent back. */
export const feedbackStep: Step = {
  name: "monitoring.feedback",
  purpose: "Joins the prediction log with the labels that have arrived, as new rows to learn from",
  where: "server",
  run: async ({ params, house }) => (await collectFeedback(house, params as unknown as FeedbackRequest)),
};
