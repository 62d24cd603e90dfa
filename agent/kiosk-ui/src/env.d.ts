/** The build of the page, by its sources. */
declare const __BUILD__: string;
