import numpy as np
import pytest

from core.charts import theme


def luminance(colour):
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("colour", [theme.BLUE, theme.ORANGE, theme.RED, theme.GREY])
def test_colours_stand_out_from_both_themes(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 3
    assert (luminance(colour) + 0.05) / (luminance("#10141c") + 0.05) >= 3
