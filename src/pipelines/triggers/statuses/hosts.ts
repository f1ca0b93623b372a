import type { GitHost } from "../../../project/triggers.ts";

/** What is said of a commit: that it is being judged, was found good, was refused by the gate, or could not be judged. */
export type Verdict = "pending" | "success" | "failure" | "error";

export interface CommitStatus {
  readonly repository: string;
  readonly commit: string;
  readonly verdict: Verdict;
  readonly description: string;
  /** What tells it apart from other checks of the commit. */
  readonly context: string;
}

export interface Request {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How a host is told the status of a commit, and asked for those it knows. */
export interface StatusHost {
  readonly tell: (api: string, token: string, status: CommitStatus) => Request;
  readonly ask: (api: string, token: string, status: CommitStatus) => Request;
  /** Whether one of the statuses of the answer to `ask` is this one. */
  readonly knows: (answer: unknown, status: CommitStatus) => boolean;
}

const json = { "content-type": "application/json", "user-agent": "millrace" };
const listed = (answer: unknown): readonly Readonly<Record<string, unknown>>[] => (Array.isArray(answer) ? (answer as readonly Readonly<Record<string, unknown>>[]) : []);
const gitlabState: Readonly<Record<Verdict, string>> = { pending: "running", success: "success", failure: "failed", error: "failed" };

/** GitHub's REST API (docs.github.com, commit statuses), GitLab's (docs.gitlab.com, Commits API, commit status), Gitea's (its Swagger page, repoCreateStatus). */
export const statusHosts: Readonly<Record<GitHost, StatusHost>> = {
  github: {
    tell: (api, token, { repository, commit, verdict: state, description, context }) => ({ url: `${api}/repos/${repository}/statuses/${commit}`, headers: github(token), body: JSON.stringify({ state, description, context }) }),
    ask: (api, token, { repository, commit }) => ({ url: `${api}/repos/${repository}/commits/${commit}/statuses?per_page=100`, headers: github(token) }),
    knows: (answer, status) => listed(answer).some((one) => one["context"] === status.context && one["state"] === status.verdict && one["description"] === status.description),
  },
  gitea: {
    tell: (api, token, { repository, commit, verdict: state, description, context }) => ({ url: `${api}/repos/${repository}/statuses/${commit}`, headers: gitea(token), body: JSON.stringify({ state, description, context }) }),
    ask: (api, token, { repository, commit }) => ({ url: `${api}/repos/${repository}/statuses/${commit}`, headers: gitea(token) }),
    knows: (answer, status) => listed(answer).some((one) => one["context"] === status.context && one["status"] === status.verdict && one["description"] === status.description),
  },
  gitlab: {
    tell: (api, token, { repository, commit, verdict, description, context: name }) => ({ url: `${api}/projects/${encodeURIComponent(repository)}/statuses/${commit}`, headers: gitlab(token), body: JSON.stringify({ state: gitlabState[verdict], description, name }) }),
    ask: (api, token, { repository, commit, context }) => ({ url: `${api}/projects/${encodeURIComponent(repository)}/repository/commits/${commit}/statuses?all=true&per_page=100&name=${encodeURIComponent(context)}`, headers: gitlab(token) }),
    knows: (answer, status) => listed(answer).some((one) => one["name"] === status.context && one["status"] === gitlabState[status.verdict] && one["description"] === status.description),
  },
};

const github = (token: string): Record<string, string> => ({ ...json, accept: "application/vnd.github+json", "x-github-api-version": "2022-11-28", authorization: `Bearer ${token}` });
const gitea = (token: string): Record<string, string> => ({ ...json, authorization: `token ${token}` });
const gitlab = (token: string): Record<string, string> => ({ ...json, "private-token": token });
