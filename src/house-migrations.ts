import type { Stage } from "./stage.ts";
import { auditMigrations } from "./storage/audit.ts";
import { artifactStoreMigration } from "./storage/claim-artifacts.ts";
import type { Migration } from "./storage/migrations.ts";

/** The schema of a whole house: the foundations', then each room's, in the order in which they are applied. */
export const houseMigrations = (stages: readonly Stage[]): readonly { readonly name: string; readonly migrations?: readonly Migration[] }[] => [{ name: "storage", migrations: [...auditMigrations, artifactStoreMigration] }, ...stages];
