"""The backtest as one self-contained HTML page, to be read before any money is spent.

Like the round's page: no script, no font, no picture from elsewhere, and everything that was supplied is escaped.
"""

from nightshift.report import backtest_figures, backtest_standing
from nightshift.report.backtest_view import BacktestView, DatasetView
from nightshift.report.paper import trusted, write


def render_backtest(view: BacktestView) -> str:
    """The page, as text. The same view gives the same page, byte for byte."""
    forecast = view.forecast if view.forecast and view.forecast.nights else None
    return write(
        "backtest.html",
        view=view,
        tiles=backtest_standing.tiles(view),
        overall=backtest_standing.overall(view),
        pens=backtest_figures.pens(view),
        chapters=[_chapter(view, each) for each in view.datasets],
        promises=trusted(backtest_figures.promises(view.guarantee)) if view.guarantee else "",
        forecast=forecast,
        prices=trusted(backtest_figures.prices(forecast.nights)) if forecast else "",
        close=backtest_figures.CLOSE,
        times=backtest_standing.times,
        difference=backtest_standing.difference,
    )


def _chapter(view: BacktestView, dataset: DatasetView) -> dict[str, object]:
    """What the page says of one data set."""
    return {
        "data": dataset,
        "figure": trusted(backtest_figures.curves(view, dataset)) if dataset.arms else "",
        "begins": backtest_figures.begins_at(view, dataset),
        "rows": backtest_standing.standings(view, dataset),
        "sentence": backtest_standing.sentence(view, dataset),
    }
