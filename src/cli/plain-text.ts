/** A program's output for a terminal: without what moves the cursor, sets colours or rings the bell; a progress bar that writes over its line becomes lines. */
export function plainText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what is taken away
  return text.replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g, "").replace(/\r\n?/g, "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}
