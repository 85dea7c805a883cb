/**
 * The colours of charts, light and dark. A chart that is a file of its own follows the reader's system; the site of the docs, which has
 * it inline, gives the variables values of its own (docs/.vitepress/theme).
 */

/** What a colour is for. */
export type Tone =
  | 'text'
  | 'soft'
  | 'grid'
  | 'ours'
  | 'peer'
  | 'floor'
  | 'limit'
  | 'event'
  | 'restart'
  | 'server'
  | 'store'

const TONES: Readonly<Record<Tone, readonly [light: string, dark: string]>> = {
  text: ['#2f2f36', '#e4e4ea'],
  soft: ['#5f5f68', '#b4b4bd'],
  grid: ['#d9d9de', '#3c3c44'],
  ours: ['#0b6e4f', '#3fbf90'],
  peer: ['#c9a227', '#d9b53f'],
  floor: ['#8c8c8c', '#8c8c8c'],
  limit: ['#bfbfbf', '#5d5d66'],
  event: ['#5b8db8', '#7fb2dd'],
  restart: ['#bcd4e6', '#33536b'],
  server: ['#e3a5a5', '#7a4040'],
  store: ['#e8c98f', '#74603a'],
}

const valuesOf = (nth: 0 | 1): string =>
  Object.entries(TONES)
    .map(([name, tones]) => `--chart-${name}:${tones[nth]}`)
    .join(';')

/** The first element of each chart. */
export const STYLE = `<style>svg{${valuesOf(0)}}@media(prefers-color-scheme:dark){svg{${valuesOf(1)}}}</style>`

/** As the value of `fill` and `stroke`. */
export const tone = (of: Tone): string => `var(--chart-${of})`
