"""Small line plots as SVG: panels side by side, linear axes from zero, each line labelled at its end."""
from html import escape

WIDTH, HEIGHT = 360, 260 # of a panel
LEFT, RIGHT, TOP, BOTTOM = 52, 24, 52, 44
COLOURS = ("#1f77b4", "#8c8c8c", "#d62728")


def nice_step(most, steps=5):
    """1, 2 or 5 times a power of ten, so that about `steps` of them reach `most`."""
    power = 1.0
    while power * 10 <= most / steps:
        power *= 10
    while power > most / steps:
        power /= 10
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor * steps >= most)


def number(value):
    return f"{value:,.10g}"


def panel(title, x_name, y_name, lines):
    """A panel, as a function of its place: `lines` is {name: [(x, y), …]}."""
    x_most = max(x for points in lines.values() for x, _ in points)
    y_most = max(y for points in lines.values() for _, y in points)
    x_step, y_step = nice_step(x_most), nice_step(y_most)
    x_end, y_end = (-(-most // step) * step for most, step in ((x_most, x_step), (y_most, y_step)))

    def draw(origin):
        def place(x, y):
            return (origin + LEFT + x / x_end * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - y / y_end * (HEIGHT - TOP - BOTTOM))
        out = [f'<text x="{origin + LEFT}" y="20" class="title">{escape(title)}</text>']
        for i in range(round(y_end / y_step) + 1):
            (left, y), (right, _) = place(0, i * y_step), place(x_end, 0)
            out.append(f'<line x1="{left:.1f}" y1="{y:.1f}" x2="{right:.1f}" y2="{y:.1f}" class="grid"/>')
            out.append(f'<text x="{left - 6:.1f}" y="{y + 4:.1f}" text-anchor="end">{number(i * y_step)}</text>')
        for i in range(round(x_end / x_step) + 1):
            x, y = place(i * x_step, 0)
            out.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{number(i * x_step)}</text>')
        middle = origin + LEFT + (WIDTH - LEFT - RIGHT) / 2
        out.append(f'<text x="{middle:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x_name)}</text>')
        out.append(f'<text x="{origin + LEFT - 6}" y="{TOP - 10}" text-anchor="end">{escape(y_name)}</text>')
        for index, (name, points) in enumerate(lines.items()):
            colour, path = COLOURS[index], " ".join("%.1f,%.1f" % place(x, y) for x, y in points)
            out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            out += ['<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>' % (*place(x, y), colour) for x, y in points]
            out.append(f'<text x="{origin + LEFT + 8}" y="{TOP + 6 + 15 * index}" style="fill: {colour}">{escape(name)}</text>')
        return "\n".join(out)
    return draw


def page(panels):
    width = WIDTH * len(panels)
    drawn = "\n".join(draw(i * WIDTH) for i, draw in enumerate(panels))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}" font-family="sans-serif" font-size="11">\n'
        "<style>text { fill: #444 } .title { font-size: 13px; font-weight: bold } .grid { stroke: #ddd }</style>\n"
        f'<rect width="{width}" height="{HEIGHT}" fill="#fff"/>\n{drawn}\n</svg>\n')
