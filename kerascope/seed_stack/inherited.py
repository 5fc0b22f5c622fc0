"""The methods that `SeedStack` inherits from `keras.Model` and cannot mean."""

from .member_scope import NotStackable

REFUSED = {
    "train_on_batch": "it would train by the mean over the members; call fit(x, y, batch_size=len(x), shuffle=False)",
    "test_on_batch": "call evaluate(x, y)",
    "train_step": "call fit(); it trains all members within one graph",
    "test_step": "call evaluate()",
    "save": "call save_weights(path), or member(i).save(path)",
    "export": "call member(i).export(path)",
    "get_config": "call save_weights(path), or member(i).get_config()",
    "get_layer": "call template.get_layer(name), or member(i).get_layer(name)",
    "quantize": "call member(i).quantize(mode)",
}


def _refusal(name, instead):
    def refuse(self, *args, **kwargs):
        raise NotStackable(f"a SeedStack has no {name}(): {instead}")

    refuse.__name__ = name
    return refuse


class Refusals:
    """The methods of `keras.Model` that a SeedStack refuses, each in one line with what to call instead."""

    locals().update({name: _refusal(name, instead) for name, instead in REFUSED.items()})

    @property
    def layers(self):
        """Refused: the members share the layers of `template`; those of `member(i)` have weights."""
        raise AttributeError(
            "a SeedStack has no layers of its own: change them within build(); its members share those of template.layers, and "
            "member(i).layers have weights"
        )

    @property
    def trainable(self):
        """True: freeze layers within `build()`."""
        return True

    @trainable.setter
    def trainable(self, value):
        if not value:
            raise NotStackable("a SeedStack cannot be frozen: set trainable=False of layers within build()")

    def summary(self, *args, **kwargs):
        """Print the summary of the template, and the number of members; arguments as for `keras.Model.summary`."""
        self.template.summary(*args, **kwargs)
        print_line = kwargs.get("print_fn") or print
        print_line(f"{len(self.seeds)} members of this model, seeds {', '.join(map(str, self.seeds))}")
