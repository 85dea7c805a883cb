/**
 * Renewals over the day, in SVG.
 */
import { STYLE, type Tone, tone } from '../theme.js'
import { type Fleet, type Happening, HOUR, MINUTE } from './Fleet.js'
import { GOALS } from './judge.js'

const WIDTH = 960
const HEIGHT = 300
const LEFT = 48
const RIGHT = 12
const TOP = 62
const BOTTOM = 34

const TONES: Readonly<Record<Happening['_tag'], Tone>> = {
  'Rolling restart': 'restart',
  Deploy: 'event',
  'Server down': 'server',
  'Redis down': 'store',
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** The renewals of each minute as multiples of the mean, with what happened and the limits. */
export const chartOfDay = (title: string, fleet: Fleet, renewals: ArrayLike<number>, mean: number): string => {
  const ratios = Array.from(renewals, (value) => value / mean)
  const highest = Math.max(GOALS.recovery, ...ratios) * 1.08
  const xOf = (time: number): number => LEFT + (time / fleet.lasts) * (WIDTH - LEFT - RIGHT)
  const yOf = (ratio: number): number => HEIGHT - BOTTOM - (ratio / highest) * (HEIGHT - TOP - BOTTOM)
  const text = (x: number, y: number, anchor: string, what: string): string =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${tone('soft')}">${escaped(what)}</text>`

  const bands = fleet.happenings.map(({ _tag, at, lasts }, nth) => {
    const [from, to] = [xOf(at), Math.max(xOf(at + lasts), xOf(at) + 2)]
    const minutes = lasts >= MINUTE ? `, ${Math.round(lasts / MINUTE)} min` : ''
    return [
      `<rect x="${from.toFixed(1)}" y="${TOP}" width="${(to - from).toFixed(1)}" height="${HEIGHT - TOP - BOTTOM}" fill="${tone(TONES[_tag])}"/>`,
      text(from, TOP - 6 - 14 * (nth % 2), 'start', `${_tag}${minutes}`),
    ].join('\n')
  })
  const limits = [1, GOALS.steady, GOALS.recovery].map((ratio) => {
    const y = yOf(ratio).toFixed(1)
    return `<line x1="${LEFT}" y1="${y}" x2="${WIDTH - RIGHT}" y2="${y}" stroke="${tone('soft')}" stroke-dasharray="4 4"/>`
  })
  const every = Math.max(1, Math.ceil(highest / 6))
  const ticks = Array.from({ length: Math.floor(highest / every) + 1 }, (_, tick) => tick * every)
  const hours = Array.from({ length: Math.floor(fleet.lasts / HOUR / 2) + 1 }, (_, tick) => 2 * tick)
  const line = ratios.map((ratio, minute) => `${xOf((minute + 0.5) * MINUTE).toFixed(1)},${yOf(ratio).toFixed(1)}`)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="11">`,
    STYLE,
    `<text x="8" y="20" font-size="14" font-weight="bold" fill="${tone('text')}">${escaped(title)}</text>`,
    `<text x="8" y="36" fill="${tone('soft')}">flat is better</text>`,
    ...bands,
    ...limits,
    ...ticks.map((ratio) => text(LEFT - 6, yOf(ratio) + 4, 'end', `${ratio}x`)),
    ...hours.map((hour) => text(xOf(hour * HOUR), HEIGHT - BOTTOM + 16, 'middle', `${hour} h`)),
    `<polyline points="${line.join(' ')}" fill="none" stroke="${tone('ours')}" stroke-width="1"/>`,
    `<line x1="${LEFT}" y1="${yOf(0)}" x2="${WIDTH - RIGHT}" y2="${yOf(0)}" stroke="${tone('text')}"/>`,
    '</svg>',
    '',
  ].join('\n')
}
