// Draws the course of one asset: its price with purchases and sales, and below it what was held.
(() => {
  const token = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)').matches

  // Text in, text out: no digit of a value passes through a number.
  function grouped (value, { thousands, decimal }) {
    const [whole, rest] = value.split('.')
    return whole.replace(/\B(?=(\d{3})+$)/g, thousands) + (rest ? decimal + rest : '')
  }

  function told (data, days, prices, held, at) {
    const { words, asset, currency } = data
    const price = prices[at] === '-'
      ? words.unknown
      : `${grouped(prices[at], data)} ${currency} (${data.sources[data.source[at]]})`
    const lines = [days[at], `${words.price}: ${price}`, `${words.held}: ${grouped(held[at], data)} ${asset}`]
    for (const way of ['bought', 'sold']) {
      if (data[way][at]) lines.push(`${words[way]}: ${grouped(data[way][at], data)} ${asset}`)
    }
    return lines.join('\n')
  }

  function options (data) {
    const ink = token('--cf-muted')
    const line = token('--cf-chart-1')
    const lang = document.documentElement.lang
    const figures = new Intl.NumberFormat(lang, { notation: 'compact', maximumSignificantDigits: 4 })
    const days = data.days.split(' ')
    const prices = data.prices.split(' ')
    const held = data.held.split(' ')
    const dates = new Intl.DateTimeFormat(lang, days.length * data.step > 120
      ? { month: 'short', year: 'numeric', timeZone: 'UTC' }
      : { day: 'numeric', month: 'short', timeZone: 'UTC' })
    const text = { color: ink, fontFamily: token('--cf-font'), fontSize: 12 }
    const isPriced = prices.some(price => price !== '-')
    // A purchase without a known price stands on the axis below, where the quantity changes.
    const marks = way => Object.keys(data[way]).filter(at => prices[at] !== '-').map(at => [Number(at), prices[at]])
    const axis = (gridIndex, labels) => ({
      type: 'category',
      gridIndex,
      data: days,
      boundaryGap: false,
      axisLine: { lineStyle: { color: token('--cf-line') } },
      axisTick: { show: false },
      axisLabel: { ...text, show: labels, hideOverlap: true, showMaxLabel: false, formatter: day => dates.format(new Date(day)) }
    })
    const amounts = (gridIndex, scale) => ({
      type: 'value',
      gridIndex,
      scale,
      splitNumber: gridIndex ? 2 : 4,
      splitLine: { lineStyle: { color: token('--cf-line') } },
      axisLabel: { ...text, formatter: value => figures.format(value) }
    })
    const dots = (name, way, symbol, color, turned) => ({
      name, type: 'scatter', data: marks(way), symbol, symbolRotate: turned, symbolSize: days.length > 120 ? 6 : 9,
      itemStyle: { color, borderColor: token('--cf-surface'), borderWidth: 1 }, z: 3
    })
    return {
      animation: !reducedMotion,
      animationDuration: 250,
      textStyle: text,
      legend: { right: 8, top: 0, itemWidth: 10, itemHeight: 10, symbolRotate: 'inherit', textStyle: text, data: [data.words.bought, data.words.sold] },
      grid: [
        { left: 64, right: 24, top: 28, height: '54%', show: false },
        { left: 64, right: 24, bottom: 28, height: '20%' }
      ],
      axisPointer: { link: [{ xAxisIndex: 'all' }] },
      tooltip: {
        trigger: 'axis',
        renderMode: 'richText',
        backgroundColor: token('--cf-surface'),
        borderColor: token('--cf-line-strong'),
        borderWidth: 1,
        padding: 10,
        textStyle: { ...text, color: token('--cf-ink') },
        axisPointer: { type: 'line', lineStyle: { color: token('--cf-line-strong'), type: 'solid' } },
        formatter: points => told(data, days, prices, held, days.indexOf(points[0].axisValue))
      },
      title: isPriced ? [] : [{ text: `${data.words.price}: ${data.words.unknown}`, left: 'center', top: '25%', textStyle: text }],
      xAxis: [axis(0, false), axis(1, true)],
      yAxis: [amounts(0, true), amounts(1, false)],
      series: [
        { name: data.words.price, type: 'line', data: prices, showSymbol: prices.length < 3, lineStyle: { color: line, width: 1.75 }, itemStyle: { color: line } },
        dots(data.words.bought, 'bought', 'triangle', token('--cf-gain'), 0),
        dots(data.words.sold, 'sold', 'triangle', token('--cf-loss'), 180),
        { name: data.words.held, type: 'line', step: 'end', data: held, xAxisIndex: 1, yAxisIndex: 1, showSymbol: false, lineStyle: { color: line, width: 1.25 }, itemStyle: { color: line }, areaStyle: { color: line, opacity: 0.12 } }
      ]
    }
  }

  function say (element, words) {
    echarts.getInstanceByDom(element)?.dispose()
    element.replaceChildren(Object.assign(document.createElement('p'), { className: 'cf-muted', textContent: words }))
    element.setAttribute('role', 'status')
  }

  const known = new WeakMap()
  function show (element) {
    const data = known.get(element)
    if (!data.days) return say(element, element.dataset.empty)
    const former = echarts.getInstanceByDom(element)
    const chart = former ?? echarts.init(element)
    chart.setOption(options(data), true)
    element.dataset.drawn = ''
    if (!former) new ResizeObserver(() => chart.isDisposed() || chart.resize()).observe(element)
  }

  async function load (element) {
    try {
      const answer = await fetch(element.dataset.course, { headers: { Accept: 'application/json' } })
      if (!answer.ok || !answer.headers.get('Content-Type')?.startsWith('application/json')) throw new Error(answer.status)
      known.set(element, await answer.json())
    } catch {
      return say(element, element.dataset.failed)
    }
    show(element)
  }

  const each = (within, action) => within.querySelectorAll('[data-course]').forEach(action)
  document.addEventListener('DOMContentLoaded', () => each(document, load))
  document.addEventListener('coffer:theme', () => each(document, element => known.has(element) && show(element)))
  document.addEventListener('htmx:beforeSwap', event => each(event.detail.target, element => echarts.getInstanceByDom(element)?.dispose()))
  document.addEventListener('htmx:afterSettle', event => {
    each(event.target.parentElement ?? document, element => known.has(element) || load(element))
  })
})()
