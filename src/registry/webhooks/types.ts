/** What a webhook may ask to be told of, in MLflow's words (mlflow/entities/webhook.py): entity → actions. */
export const webhookEvents = {
  REGISTERED_MODEL: ["CREATED"],
  MODEL_VERSION: ["CREATED"],
  MODEL_VERSION_TAG: ["SET", "DELETED"],
  MODEL_VERSION_ALIAS: ["CREATED", "DELETED"],
  PROMPT: ["CREATED"],
  PROMPT_VERSION: ["CREATED"],
  PROMPT_TAG: ["SET", "DELETED"],
  PROMPT_VERSION_TAG: ["SET", "DELETED"],
  PROMPT_ALIAS: ["CREATED", "DELETED"],
} as const;

export type WebhookEntity = keyof typeof webhookEvents;
export type WebhookAction = (typeof webhookEvents)[WebhookEntity][number];

export interface WebhookEvent {
  readonly entity: WebhookEntity;
  readonly action: WebhookAction;
}

/** Somebody else's address that is told of changes of the registry. Its secret is not among what is read: it is never shown again. */
export interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly url: string;
  readonly events: readonly WebhookEvent[];
  readonly status: WebhookStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type WebhookStatus = "ACTIVE" | "DISABLED";

/** One event on its way to one webhook; kept for 30 days after it arrived or was given up. */
export interface Delivery {
  /** Sent with every attempt, so that who gets it twice can tell. */
  readonly id: string;
  readonly event: WebhookEvent;
  readonly state: DeliveryState;
  readonly createdAt: number;
  readonly attempts: number;
  readonly lastAttemptAt: number | null;
  /** When it is tried again; null once it has arrived or was given up. */
  readonly nextAttemptAt: number | null;
  /** What the last attempt was answered; null when there was no answer. */
  readonly status: number | null;
  readonly error: string | null;
}

export type DeliveryState = "waiting" | "delivered" | "failed";
