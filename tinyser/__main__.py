"""`python -m tinyser` is the `tinyser` command."""

from tinyser.cli import main

if __name__ == "__main__":
    main()
