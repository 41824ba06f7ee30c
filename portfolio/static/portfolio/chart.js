// Draws the line of daily worth. The values come as text with the page; here they only become points.
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
    const line = token('--cf-chart-1')
    const figures = new Intl.NumberFormat(document.documentElement.lang, { notation: 'compact' })
    const days = data.days.split(' ')
    const values = data.values.split(' ')
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
          const unknown = data.unpriced[at] ? `\n${data.without} ${data.unpriced[at]}` : ''
          return `${days[at]}\n${grouped(values[at], data)} ${data.currency}${unknown}`
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
        axisLabel: { ...text, formatter: value => figures.format(value) }
      },
      series: [{
        type: 'line',
        data: values,
        showSymbol: values.length < 3,
        sampling: 'lttb',
        lineStyle: { color: line, width: 1.75 },
        itemStyle: { color: line },
        areaStyle: isLong ? { color: line, opacity: 0.07 } : undefined
      }]
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
