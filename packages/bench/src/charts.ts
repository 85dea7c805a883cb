/**
 * Bars in SVG: ours, the peers, the floor; on a logarithmic axis where the peers are far away.
 */
import type { Result, Row } from './Row.js'
import { isLike, numberOf, shown } from './table.js'
import { STYLE, tone } from './theme.js'

const WIDTH = 760
const LABELS = 250
const NUMBERS = 120
const BAR = 18
const GAP = 8
const TOP = 44
const AXIS = 30

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Where a value is on the axis, in [0, 1]. */
interface Scale {
  readonly at: (value: number) => number
  readonly ticks: ReadonlyArray<number>
}

const linear = (most: number): Scale => {
  const step = 10 ** Math.floor(Math.log10(most / 2)) || 1
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, tick) => tick * step)
  const every = Math.ceil(ticks.length / 8)
  return { at: (value) => Math.max(0, value / most), ticks: ticks.filter((_, tick) => tick % every === 0) }
}

/** Begins below the least, so that its bar can be seen. */
const logarithmic = (least: number, most: number): Scale => {
  const [from, to] = [Math.log10(least / 2), Math.max(Math.log10(most), Math.log10(least) + 1)]
  const first = Math.ceil(from)
  return {
    at: (value) => Math.max(0, (Math.log10(value) - from) / (to - from)),
    ticks: Array.from({ length: Math.floor(to) - first + 1 }, (_, tick) => 10 ** (first + tick)),
  }
}

/** A bar for each case of a row whose number is like the first one's. */
export const chartOf = (row: Row, all: ReadonlyArray<Result>): string => {
  const results = all.filter((result) => all.slice(0, 1).every((first) => isLike(first, result)))
  const highest = Math.max(...results.map(({ high }) => high), ...results.map(numberOf)) * 1.02
  const least = Math.min(...results.map(numberOf))
  const scale = row.isLogarithmic === true ? logarithmic(least, highest) : linear(highest)
  const room = WIDTH - LABELS - NUMBERS
  const xOf = (value: number): number => LABELS + scale.at(value) * room
  const height = TOP + results.length * (BAR + GAP) + AXIS
  const bottom = height - AXIS
  const grid = scale.ticks
    .map((tick) => {
      const x = xOf(tick).toFixed(1)
      return (
        `<line x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${bottom}" stroke="${tone('grid')}"/>` +
        `<text x="${x}" y="${bottom + 16}" text-anchor="middle" fill="${tone('soft')}">${tick.toLocaleString('en')}</text>`
      )
    })
    .join('\n')
  const bars = results
    .map((result, index) => {
      const y = TOP + index * (BAR + GAP)
      const middle = y + BAR / 2
      const end = xOf(numberOf(result))
      const [low, high] = [xOf(result.low), xOf(result.high)].map((x) => x.toFixed(1))
      const failures = result.failures === 0 ? '' : `, ${result.failures.toLocaleString('en')} fail`
      return [
        `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end" fill="${tone('text')}">${escaped(result.case.replaceAll('`', ''))}</text>`,
        `<rect x="${LABELS}" y="${y}" width="${Math.max(1, end - LABELS).toFixed(1)}" height="${BAR}" fill="${tone(result.role)}"/>`,
        `<line x1="${low}" y1="${middle}" x2="${high}" y2="${middle}" stroke="${tone('text')}" stroke-opacity="0.6"/>`,
        `<text x="${(Math.max(end, Number(high)) + 6).toFixed(1)}" y="${middle + 4}" fill="${tone('text')}">${escaped(shown(numberOf(result), result))}${failures}</text>`,
      ].join('\n')
    })
    .join('\n')
  const against = results.some(({ ratioToFloor }) => ratioToFloor !== null) ? ', as a multiple of the floor' : ''
  const axis = row.isLogarithmic === true ? ' (logarithmic)' : ''
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12">`,
    STYLE,
    `<text x="8" y="20" font-size="14" font-weight="bold" fill="${tone('text')}">${escaped(`${row.name}  ${row.title}${against}${axis}`)}</text>`,
    `<text x="8" y="36" fill="${tone('soft')}">less is better</text>`,
    grid,
    bars,
    '</svg>',
    '',
  ].join('\n')
}
