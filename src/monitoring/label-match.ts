/**
 * What a label's `event_time` says: the time of the prediction that it is of, or one of these. Null until somebody has looked.
 *
 * `ofSeveral`: several predictions with other rows have its request id; nobody can say of which it is.
 * `ofNone`: the log has none yet; it waits.
 */
export const ofSeveral = -1;
export const ofNone = -2;
