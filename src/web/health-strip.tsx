import { formatClock } from "../ui/format.ts";
import { useConnection } from "./connection.ts";

/** What stands above every page for as long as it lasts: that the server is gone, and since when; else what keeps it from its work. */
export function HealthStrip() {
  const { health, gone, lastAnswer } = useConnection();
  if (gone) return <Gone lastAnswer={lastAnswer} />;
  if (!health || health.problems.length === 0) return null;
  return (
    <div className="health-strip notice bad" role="alert">
      {health.problems.map(({ code, message }) => (
        <p key={code}>{message}</p>
      ))}
    </div>
  );
}

function Gone({ lastAnswer }: { lastAnswer: number }) {
  return (
    <div className="health-strip notice bad" role="alert">
      <p>
        <b>The server does not answer.</b>{" "}
        {lastAnswer > 0 ? (
          <>
            It last did at <time dateTime={new Date(lastAnswer).toISOString()}>{formatClock(lastAnswer)}</time>; what stands below is from then.
          </>
        ) : (
          "It has not answered since this page was opened."
        )}{" "}
        Start it with <code>millrace up</code>; the page goes on by itself.
      </p>
    </div>
  );
}
