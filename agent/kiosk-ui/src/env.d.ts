/** The build of the page, by its sources. */
declare const __BUILD__: string;
// Texts that are built in.
declare module "*?raw" {
  const text: string;
  export default text;
}
