/** For what is handled elsewhere, or matters to nobody any more. */
export const ignore = (): void => undefined
