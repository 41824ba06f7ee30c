// Draws lines by day: the worth with what it is compared to, falls. The values come as text with the page; here they only become points.
(() => {
  const token = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)').matches

  // Text in, text out: no digit of a value passes through a number.
  function grouped (value, { thousands, decimal }) {
    const [whole, cents] = value.split('.')
    return whole.replace(/\B(?=(\d{3})+$)/g, thousands) + decimal + cents
  }

  function options (data) {
    const ink = token('--cf-muted')
    const figures = new Intl.NumberFormat(document.documentElement.lang, { notation: 'compact' })
    const days = data.days.split(' ')
    const lines = [{ name: data.name ?? '', values: data.values }, ...(data.more ?? [])]
      .map(({ name, values }) => ({ name, values: values.split(' ') }))
    const unit = data.unit ?? data.currency
    const isLong = days.length > 120
    const dates = new Intl.DateTimeFormat(document.documentElement.lang, isLong
      ? { month: 'short', year: 'numeric', timeZone: 'UTC' }
      : { day: 'numeric', month: 'short', timeZone: 'UTC' })
    const months = day => dates.format(new Date(day))
    const text = { color: ink, fontFamily: token('--cf-font'), fontSize: 12 }
    return {
      animation: !reducedMotion,
      animationDuration: 250,
      textStyle: text,
      grid: { left: 8, right: 30, top: 12, bottom: 4, containLabel: true },
      // Drawn on the canvas: a tooltip of HTML would need inline styles, which the page forbids.
      tooltip: {
        trigger: 'axis',
        renderMode: 'richText',
        backgroundColor: token('--cf-surface'),
        borderColor: token('--cf-line-strong'),
        borderWidth: 1,
        padding: 10,
        textStyle: { ...text, color: token('--cf-ink') },
        axisPointer: { type: 'line', lineStyle: { color: token('--cf-line-strong'), type: 'solid' } },
        formatter: ([point]) => {
          const at = point.dataIndex
          const unknown = data.unpriced?.[at] ? `\n${data.without} ${data.unpriced[at]}` : ''
          const figures = lines.filter(line => line.values[at] !== '-').map(line =>
            `${line.name ? `${line.name}  ` : ''}${grouped(line.values[at], data)} ${unit}`)
          return `${days[at]}\n${figures.join('\n')}${unknown}`
        }
      },
      xAxis: {
        type: 'category',
        data: days,
        boundaryGap: false,
        axisLine: { lineStyle: { color: token('--cf-line') } },
        axisTick: { show: false },
        axisLabel: { ...text, hideOverlap: true, showMaxLabel: false, formatter: day => months(day) }
      },
      yAxis: {
        type: 'value',
        scale: !isLong,
        splitNumber: 4,
        splitLine: { lineStyle: { color: token('--cf-line') } },
        axisLabel: { ...text, formatter: value => figures.format(value) + (unit === '%' ? ' %' : '') }
      },
      series: lines.map(({ name, values }, place) => {
        const color = data.isFall ? token('--cf-loss') : token(`--cf-chart-${place + 1}`)
        return {
          name,
          type: 'line',
          data: values,
          showSymbol: days.length < 3,
          symbolSize: place ? 4 : 6,
          sampling: 'lttb',
          lineStyle: { color, width: place ? 1.25 : 1.75, type: place ? [6, 3] : 'solid' },
          itemStyle: { color },
          areaStyle: !place && (isLong || data.isFall) ? { color, opacity: 0.07 } : undefined
        }
      })
    }
  }

  function draw (element) {
    const data = JSON.parse(element.dataset.chart)
    const former = echarts.getInstanceByDom(element)
    if (!former) element.replaceChildren()
    const chart = former ?? echarts.init(element)
    chart.setOption(options(data), true)
    if (former) return
    const resizing = new ResizeObserver(() => chart.isDisposed() || chart.resize())
    resizing.observe(element)
  }

  const drawAll = (within = document) => within.querySelectorAll('[data-chart]').forEach(draw)
  document.addEventListener('DOMContentLoaded', () => drawAll())
  document.addEventListener('coffer:theme', () => drawAll())
  // Another span brings a new element; the old chart must let go of its canvas.
  document.addEventListener('htmx:beforeSwap', event => {
    event.detail.target.querySelectorAll('[data-chart]').forEach(element => {
      echarts.getInstanceByDom(element)?.dispose()
    })
  })
  document.addEventListener('htmx:afterSettle', event => drawAll(event.target.parentElement ?? document))
})()
